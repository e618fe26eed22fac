"""Walks through a workflow of the kind that image-sync has, with the expressions evaluated by a real JSONata engine.

It reads {"workflow": ..., "answers": {state: [answer, ...]}} and writes {"asked": [[state, payload], ...], "end": state}. An answer
{"error": ..., "cause": ...} is an error that has outlasted its retries. An expression without a result ends it, as at AWS.
"""

import json
import sys

from ministack.services.stepfunctions import _apply_jsonata_template as fill

CONTEXT = {"Execution": {"Name": "forum-images-20241123-12"}}


def walk(machine, data, answers, asked):
    name = machine["StartAt"]
    while True:
        state = machine["States"][name]
        result, output = None, state.get("Output")
        following = state.get("Next")
        match state["Type"]:
            case "Task":
                payload = fill(state["Arguments"], data, CONTEXT)["Payload"]
                asked.append([name, payload])
                answer = answers[name].pop(0)
                if "error" in answer:
                    error = {"Error": answer["error"], "Cause": answer["cause"]}
                    caught = state["Catch"][0]
                    data = fill(caught["Output"], data, CONTEXT, error_output=error)
                    name = caught["Next"]
                    continue
                result = {"Payload": answer}
            case "Map":
                items = fill(state["Items"], data, CONTEXT)
                result = [walk(state["ItemProcessor"], item, answers, asked)[1] for item in items]
            case "Choice":
                chosen = (c["Next"] for c in state["Choices"] if fill(c["Condition"], data, CONTEXT))
                following = next(chosen, state["Default"])
            case "Fail":
                said = {"Error": state["Error"], "Cause": state["Cause"]}
                return name, fill(said, data, CONTEXT)
        if output is not None:
            data = fill(output, data, CONTEXT, result=result)
        if following is None:
            return name, data
        name = following


told = json.load(sys.stdin)
asked = []
end, said = walk(told["workflow"], {}, told["answers"], asked)
json.dump({"asked": asked, "end": end, "said": said}, sys.stdout)
