//! As much of JSONata as the workflow uses. Anything else ends the test.

use serde_json::{Map, Value, json};

/// What `$states` holds where an expression stands.
#[derive(Debug, Clone)]
pub(crate) struct States<'a> {
    pub(crate) input: &'a Value,
    pub(crate) context: &'a Value,
    pub(crate) result: Option<Value>,
    pub(crate) error: Option<Value>,
}

impl States<'_> {
    /// A template: text between `{%` and `%}` is an expression, everything else is itself.
    pub(crate) fn fill(&self, template: &Value) -> Value {
        match template {
            Value::String(text) => match expression(text) {
                Some(expression) => self
                    .evaluate(expression)
                    .unwrap_or_else(|| panic!("{expression} is nothing here")),
                None => template.clone(),
            },
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, v)| (name.clone(), self.fill(v)));
                Value::Object(filled.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            other => other.clone(),
        }
    }

    pub(crate) fn holds(&self, condition: &Value) -> bool {
        match self.fill(condition) {
            Value::Bool(holds) => holds,
            other => panic!("{condition} is {other}, and no condition"),
        }
    }

    fn evaluate(&self, text: &str) -> Option<Value> {
        let text = text.trim();
        if let Some(parts) = between(text, "$merge([", "])") {
            let (first, second) = parts.split_once(", {").unwrap();
            let mut merged = object(self.evaluate(first)?);
            let (name, value) = second.strip_suffix('}').unwrap().split_once(": ").unwrap();
            merged.insert(literal(name).unwrap(), self.evaluate(value)?);
            return Some(Value::Object(merged));
        }
        if let Some(path) = between(text, "$exists(", ")") {
            return Some(json!(self.evaluate(path).is_some()));
        }
        if text.contains(" & ") {
            let parts = text.split(" & ");
            let said = parts.filter_map(|part| self.evaluate(part));
            let said: String = said.map(|v| v.as_str().unwrap().to_owned()).collect();
            return Some(json!(said));
        }
        if let Some((left, right)) = text.split_once(" = ") {
            return Some(json!(self.evaluate(left) == self.evaluate(right)));
        }
        if let Some(text) = literal(text) {
            return Some(json!(text));
        }
        let mut names = text.split('.');
        assert_eq!(names.next(), Some("$states"), "not understood: {text}");
        let mut found = match names.next() {
            Some("input") => self.input,
            Some("context") => self.context,
            Some("result") => self.result.as_ref()?,
            Some("errorOutput") => self.error.as_ref()?,
            other => panic!("not understood: {other:?} in {text}"),
        };
        for name in names {
            assert!(
                name.chars().all(|c| c.is_alphanumeric() || c == '_'),
                "not understood: {text}"
            );
            found = found.get(name)?;
        }
        Some(found.clone())
    }
}

fn expression(text: &str) -> Option<&str> {
    between(text, "{%", "%}")
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

fn literal(text: &str) -> Option<String> {
    let inner = between(text, "'", "'")?;
    (!inner.contains('\'')).then(|| inner.to_owned())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

#[test]
fn the_forms_that_the_workflow_uses_are_understood() {
    let (input, context) = (json!({"a": {"b": 1}, "c": "x"}), json!({"Id": "e"}));
    let states = States {
        input: &input,
        context: &context,
        result: Some(json!({"Payload": [1]})),
        error: None,
    };
    for (text, expected) in [
        ("{% $states.input.a.b %}", json!(1)),
        (
            "{% $merge([$states.input.a, {'p': $states.result.Payload}]) %}",
            json!({"b": 1, "p": [1]}),
        ),
        ("{% $exists($states.input.d) %}", json!(false)),
        ("{% $states.input.c = 'x' %}", json!(true)),
        ("{% $states.input.d.e = 'x' %}", json!(false)),
        (
            "{% $states.context.Id & ' is ' & $states.input.c %}",
            json!("e is x"),
        ),
        ("{% '' & $states.input.d %}", json!("")),
        ("plain", json!("plain")),
    ] {
        assert_eq!(states.fill(&json!(text)), expected, "{text}");
    }
}
