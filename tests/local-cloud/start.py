"""Starts ministack with its faults mended: `python start.py`, with ministack's own settings in the environment.

It needs ministack 1.5.33 and, for real containers, docker and cryptography. It also needs cbor2, which ministack does not ask
for: CloudWatch's clients speak CBOR, and without it every metric is answered "ok" and lost.

This is the one place where the emulator is worked around. Each function below mends one fault and says what goes wrong
without it. The Terraform of the project is written for AWS and knows nothing of this file.
"""

import contextvars
import importlib.metadata
import json
import re
import sys
import threading
import time
import types
from urllib.parse import parse_qs
from xml.etree.ElementTree import SubElement
from xml.sax.saxutils import escape

import cbor2
from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, set_request_region
from ministack.services import alb, cloudwatch, ec2, ecs, route53, sns, stepfunctions

WRITTEN_FOR = "1.5.33"


def load_balancers_are_found_in_every_region():
    """A load balancer is looked for only in the region a request is signed for, and its users sign nothing."""

    def mended(host):
        hostname = host.split(":")[0].lower()
        for (_account, region, _arn), load_balancer in alb._lbs.all_items():
            if hostname in (load_balancer["DNSName"].lower(), load_balancer["LoadBalancerName"].lower() + ".alb.localhost"):
                set_request_region(region)
                return load_balancer
        return None

    alb.find_lb_for_host = mended


def health_checks_keep_their_children():
    """The names of a calculated check's children are read one level too deep and lost: nobody could tell who decides."""
    parse = route53._parse_health_check_config

    def mended(element):
        config = parse(element)
        children = route53._find(element, "ChildHealthChecks")
        if children is not None:
            config["ChildHealthChecks"] = [child.text for child in route53._findall(children, "ChildHealthCheck")]
        return config

    route53._parse_health_check_config = mended


def health_checks_write_booleans_as_aws_does():
    """`Inverted` is answered as "True", which is no XML boolean: clients read it as false or refuse the answer."""
    build = route53._build_health_check_el

    def mended(parent, check):
        config = {key: str(value).lower() if isinstance(value, bool) else value for key, value in check.get("config", {}).items()}
        build(parent, {**check, "config": config})

    route53._build_health_check_el = mended


def dns_changes_are_done_at_once():
    """Here a change is in force before it is answered, but Terraform sleeps half a minute before it first asks whether it is.
    It does not when the answer names no change; two such sleeps follow each other."""
    route53._build_change_info_el = lambda parent, change: None


def health_checkers_say_from_where_they_check():
    """GetCheckerIpRanges is unknown. Whoever checks here comes from this machine, as the policy of the local cloud has it."""
    handle = route53.handle_request

    async def mended(method, path, headers, body, query_params):
        if (method, path) == ("GET", f"/{route53.API_VERSION}/checkeripranges"):

            def ranges(root):
                SubElement(SubElement(root, "CheckerIpRanges"), "member").text = "127.0.0.0/8"

            return route53._xml_response("GetCheckerIpRangesResponse", ranges)
        return await handle(method, path, headers, body, query_params)

    route53.handle_request = mended


def alarms_are_described_in_full():
    """In the XML protocol, which Terraform speaks, an alarm is answered without its period, dimensions and actions: every plan
    would put them back."""
    describe = cloudwatch._describe_alarms
    plain = ("AlarmDescription", "Statistic", "ExtendedStatistic", "Period", "TreatMissingData", "Unit")
    lists = ("AlarmActions", "OKActions", "InsufficientDataActions")

    def missing(alarm):
        fields = [f"<{field}>{escape(str(alarm[field]))}</{field}>" for field in plain if alarm.get(field)]
        fields.append(f"<ActionsEnabled>{str(bool(alarm['ActionsEnabled'])).lower()}</ActionsEnabled>")
        for field in lists:
            fields.append(f"<{field}>" + "".join(f"<member>{escape(arn)}</member>" for arn in alarm.get(field) or []) + f"</{field}>")
        dimensions = "".join(
            f"<member><Name>{escape(one['Name'])}</Name><Value>{escape(one['Value'])}</Value></member>" for one in alarm.get("Dimensions") or []
        )
        return "".join(fields) + f"<Dimensions>{dimensions}</Dimensions>"

    def mended(params, data, is_cbor, is_json=False):
        status, headers, body = describe(params, data, is_cbor, is_json)
        if is_cbor or is_json or status != 200:
            return status, headers, body
        text = body.decode()
        for alarm in list(cloudwatch._alarms.values()):
            start = f"<AlarmArn>{alarm['AlarmArn']}</AlarmArn>"
            text = text.replace(start, start + missing(alarm))
        return status, headers, text.encode()

    cloudwatch._describe_alarms = mended


def alarms_name_themselves():
    """An alarm's message does not carry the alarm's ARN, by which the one that may start a failover is told from any other."""
    fanout = sns._fanout

    def mended(topic, message_id, message, *rest, **named):
        said = body_of(message.encode())
        alarm = cloudwatch._alarms.get(said.get("AlarmName"))
        if alarm and "NewStateValue" in said:
            message = json.dumps({**said, "AlarmArn": alarm["AlarmArn"]})
        return fanout(topic, message_id, message, *rest, **named)

    sns._fanout = mended


def rules_for_every_protocol_have_no_ports():
    """Terraform names ports 0 to 0 when it removes a new group's default egress rule. AWS ignores ports where every protocol is
    meant; without that the default stays, and stands in the way of the rule that is to replace it."""
    parse = ec2._parse_ip_permissions

    def mended(params, prefix):
        rules = parse(params, prefix)
        for rule in rules:
            if rule["IpProtocol"] == "-1":
                rule.pop("FromPort", None)
                rule.pop("ToPort", None)
        return rules

    ec2._parse_ip_permissions = mended


def services_tell_their_rebalancing():
    """A service's availability zone rebalancing is forgotten: every plan would set it again."""
    sanitize = ecs._sanitize

    def mended(value):
        answer = sanitize(value)
        if isinstance(answer, dict) and "schedulingStrategy" in answer:
            answer.setdefault("availabilityZoneRebalancing", "DISABLED")
        return answer

    ecs._sanitize = mended


def body_of(body):
    """What a request says, in JSON or CBOR; nothing where it is neither."""
    try:
        read = json.loads(body) if body[:1] == b"{" else cbor2.loads(body)
    except Exception:
        return {}
    return read if isinstance(read, dict) else {}


def calls_in_cbor_are_judged_too():
    """In the CBOR protocol the path names the action. It is not looked for there, and a call without an action is allowed to
    everyone. Nor is the resource found: that is looked for in JSON only."""
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn
    in_cbor = re.compile(r"/service/[^/]+/operation/([^/]+)")

    def mended_action(service, method, path, headers, body, query_params):
        named, namespace = in_cbor.fullmatch(path), iam_actions.SERVICE_TO_IAM_NAMESPACE.get(service)
        if named and namespace:
            return f"{namespace}:{named[1]}"
        return action_of(service, method, path, headers, body, query_params)

    def mended_resource(service, method, path, headers, body, *others):
        if in_cbor.fullmatch(path):
            body = json.dumps(body_of(body), default=str).encode()
        return resource_of(service, method, path, headers, body, *others)

    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = mended_action, mended_resource


def services_and_families_are_what_their_policies_name():
    """A call on a service is judged as a call on its cluster, and one that registers a task definition as a call on everything: a
    role that is allowed the one service or family, as it should be, is refused. (Of several services described at once the first
    is judged.)"""
    judge = iam_actions.extract_resource_arn

    def mended(service, method, path, headers, body, query_params, region, account_id):
        judged = judge(service, method, path, headers, body, query_params, region, account_id)
        said = body_of(body) if service == "ecs" else {}
        if "containerDefinitions" in said:
            return f"arn:aws:ecs:{region}:{account_id}:task-definition/{said.get('family')}:*"
        if service != "ecs" or ":cluster/" not in judged:
            return judged
        named = (said.get("services") or [said.get("service")])[0]
        if not isinstance(named, str):
            return judged
        cluster = judged.rsplit("/", 1)[-1]
        return named if named.startswith("arn:") else f"arn:aws:ecs:{region}:{account_id}:service/{cluster}/{named}"

    iam_actions.extract_resource_arn = mended


def moved_rules_of(params):
    """The listener rules that a call moves, each with where to."""
    pairs, number = [], 1
    while arn := alb._p(params, f"RulePriorities.member.{number}.RuleArn"):
        pairs.append((arn, alb._p(params, f"RulePriorities.member.{number}.Priority")))
        number += 1
    return pairs


def form_of(body):
    """What a request says, as a form."""
    return parse_qs(body.decode(errors="replace") if isinstance(body, bytes) else body or "")


def rules_are_moved_all_or_none():
    """Of the rules that one call moves those that exist are moved, also to where another one stands. AWS refuses a rule that
    does not exist (RuleNotFound) and a conflict in the new order (PriorityInUse), and then moves none."""
    move = alb._set_rule_priorities

    def mended(params):
        moved = dict(moved_rules_of(params))
        for arn in moved:
            if arn not in alb._rules:
                return alb._error("RuleNotFound", f"Rule '{arn}' not found")
        for listener in {alb._rules[arn]["ListenerArn"] for arn in moved}:
            rules = [rule for rule in alb._rules.values() if rule["ListenerArn"] == listener]
            order = [moved.get(rule["RuleArn"], rule["Priority"]) for rule in rules]
            if len(set(order)) < len(order):
                return alb._error("PriorityInUse", f"Priorities {', '.join(moved.values())} are in use")
        return move(params)

    alb._set_rule_priorities = alb._ACTION_MAP["SetRulePriorities"] = mended


def rules_are_what_their_policies_name():
    """A call that moves listener rules is judged as a call on everything, and without the rules' tags: a role that is allowed
    rules of one tag, as it should be, is refused. (Of several rules moved at once the first is judged.)"""
    judge, known = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def mended_resource(service, method, path, headers, body, query_params, region, account_id):
        if service == "elasticloadbalancing" and (moved := moved_rules_of({**query_params, **form_of(body)})):
            return moved[0][0]
        return judge(service, method, path, headers, body, query_params, region, account_id)

    def mended_context(service, action, body, params):
        context = known(service, action, body, params)
        if service == "elasticloadbalancing" and (moved := moved_rules_of({**params, **form_of(body)})):
            for tag in alb._tags.get(moved[0][0]) or []:
                context[f"aws:ResourceTag/{tag['Key']}".lower()] = tag["Value"]
        return context

    iam_actions.extract_resource_arn, iam_actions.request_tag_context = mended_resource, mended_context


def conditions_of_ecs_and_cloudwatch_are_known():
    """`ecs:cluster` and `cloudwatch:namespace` are unknown to the emulator's IAM: what they allow is refused."""
    known = iam_actions.request_tag_context

    def mended(service, action, body, params):
        context = known(service, action, body, params)
        if service == "ecs":
            cluster = body_of(body).get("cluster")
            if isinstance(cluster, str):
                full = cluster.startswith("arn:")
                context["ecs:cluster"] = cluster if full else f"arn:aws:ecs:{get_region()}:{get_account_id()}:cluster/{cluster}"
        if service == "monitoring":
            namespace = params.get("Namespace") or body_of(body).get("Namespace")
            if namespace:
                context["cloudwatch:namespace"] = namespace[0] if isinstance(namespace, list) else namespace
        return context

    iam_actions.request_tag_context = mended


def states_are_timed_by_expressions():
    """A time-out that is an expression is taken for a number and ends the execution."""
    execute = stepfunctions._execute_task

    def mended(state_def, raw_input, execution, ctx):
        if isinstance(state_def.get("TimeoutSeconds"), str):
            seconds = stepfunctions._apply_jsonata_template(state_def["TimeoutSeconds"], raw_input, ctx)
            state_def = {**state_def, "TimeoutSeconds": seconds}
        return execute(state_def, raw_input, execution, ctx)

    stepfunctions._execute_task = mended


def executions_are_redriven():
    """RedriveExecution is unknown, and an execution does not know how often it was redriven: AWS says zero at first. There it
    goes on under the same ARN, from the state that failed and with that state's input; what was done before is not done again,
    and what runs or succeeded is refused. Here one that was stopped is refused too, for its last state may still be at work;
    variables are forgotten, and the history shows the way to the state as one that is passed."""
    execute, describe, handle = stepfunctions._execute_task, stepfunctions._describe_execution, stepfunctions.handle_request

    def counted_in_context(state_def, raw_input, execution, ctx):
        ctx["Execution"]["RedriveCount"] = execution.get("redriveCount", 0)
        return execute(state_def, raw_input, execution, ctx)

    def counted_when_described(data):
        status, headers, body = describe(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution:
            body = json.dumps({**json.loads(body), "redriveCount": execution.get("redriveCount", 0)}).encode()
        return status, headers, body

    def redrive(arn):
        execution = stepfunctions._executions.get(arn)
        if not execution:
            return error_response_json("ExecutionDoesNotExist", f"Execution {arn} not found", 400)
        if execution["status"] != "FAILED":
            return error_response_json("ExecutionNotRedrivable", f"Execution is {execution['status']} and cannot be redriven", 400)
        failed = [event["stateEnteredEventDetails"] for event in execution["events"] if "stateEnteredEventDetails" in event][-1]
        machine = stepfunctions._state_machines[execution["stateMachineArn"]]
        definition = json.loads(machine["definition"])
        passed = {"Type": "Pass", "Output": json.loads(failed["input"]), "Next": failed["name"]}
        definition = {**definition, "StartAt": "Redriven", "States": {**definition["States"], "Redriven": passed}}
        count = execution.get("redriveCount", 0) + 1
        execution.update(status="RUNNING", stopDate=None, output=None, error=None, cause=None, redriveCount=count)
        stepfunctions._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})
        # The emulator's own walk, which is shown a machine that starts there.
        shown = {execution["stateMachineArn"]: {**machine, "definition": json.dumps(definition)}}
        walk = types.FunctionType(stepfunctions._run_execution.__code__, {**vars(stepfunctions), "_state_machines": shown})
        threading.Thread(target=contextvars.copy_context().run, args=(walk, arn), daemon=True).start()
        return json_response({"redriveDate": time.time()})

    async def mended(method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return redrive(body_of(body).get("executionArn"))
        return await handle(method, path, headers, body, query_params)

    stepfunctions._execute_task, stepfunctions._describe_execution = counted_in_context, counted_when_described
    stepfunctions.handle_request = mended


MENDED = (
    load_balancers_are_found_in_every_region,
    health_checks_keep_their_children,
    health_checks_write_booleans_as_aws_does,
    dns_changes_are_done_at_once,
    health_checkers_say_from_where_they_check,
    alarms_are_described_in_full,
    alarms_name_themselves,
    rules_for_every_protocol_have_no_ports,
    services_tell_their_rebalancing,
    calls_in_cbor_are_judged_too,
    services_and_families_are_what_their_policies_name,
    rules_are_moved_all_or_none,
    rules_are_what_their_policies_name,
    conditions_of_ecs_and_cloudwatch_are_known,
    states_are_timed_by_expressions,
    executions_are_redriven,
)

if __name__ == "__main__":
    found = importlib.metadata.version("ministack")
    if found != WRITTEN_FOR:
        sys.exit(f"ministack: expected {WRITTEN_FOR}, found {found}")
    for mend in MENDED:
        mend()
    app.main()
