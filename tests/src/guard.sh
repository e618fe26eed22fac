# Runs the local cloud, and ends it when standard input closes: the harness stopped it, or is gone, however it went.
# Arguments: the label of this run's containers, its registries' addresses (comma separated), the command.
owner=$1
registries=$2
shift 2

"$@" &
cat >/dev/null
kill -KILL "$!" 2>/dev/null

remove_containers() {
  left=$(docker ps --all --quiet --filter "label=ministack.instance=$owner")
  [ -z "$left" ] || docker rm --force --volumes $left
}

if command -v docker >/dev/null; then
  remove_containers
  # A container that was being created while the cloud ended shows up a moment later.
  sleep 1
  remove_containers
  for registry in $(echo "$registries" | tr ',' ' '); do
    for format in '{{.Repository}}:{{.Tag}}' '{{.Repository}}@{{.Digest}}'; do
      docker images --digests --format "$format" | grep "^$registry/" | grep -v '<none>' |
        while read -r image; do docker rmi --no-prune=false "$image"; done
    done
  done
fi

# The functions of the cloud run as processes of this group; so does this script.
kill -KILL 0
