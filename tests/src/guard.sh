# Runs the local cloud, and ends it when standard input closes: the harness stopped it, or is gone, however it went.
# Arguments: the label of this run's containers, its registries' addresses (comma separated), the variable that all children
# of the harness have in their environment (NAME=value), the command.
owner=$1
registries=$2
mark=$3
shift 3

"$@" &
cloud=$!
cat >/dev/null

# Terraform, cargo, docker, and what they started. A process is asked for its environment just before it is killed, so that
# no other is hit that got its id; and until none is left, for one may have started another meanwhile.
end_children() {
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    children=$(grep -lsxzF -e "$mark" /proc/[0-9]*/environ | cut -d / -f 3)
    [ -n "$children" ] || return 0
    kill -KILL $children 2>/dev/null
    sleep 0.1
  done
}

remove_containers() {
  left=$(docker ps --all --quiet --filter "label=ministack.instance=$owner")
  [ -z "$left" ] || docker rm --force --volumes $left
}

remove_images() {
  for registry in $(echo "$registries" | tr ',' ' '); do
    for format in '{{.Repository}}:{{.Tag}}' '{{.Repository}}@{{.Digest}}'; do
      docker images --digests --format "$format" | grep "^$registry/" | grep -v '<none>' |
        while read -r image; do docker rmi --no-prune=false "$image"; done
    done
  done
}

end_children
kill -KILL "$cloud" 2>/dev/null
remove_containers
# A child or a container that was just being created while all this ended shows up a moment later.
sleep 1
end_children
remove_containers
remove_images

# The functions of the cloud run as processes of this group; so does this script.
kill -KILL 0
