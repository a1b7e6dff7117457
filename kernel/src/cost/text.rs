//! Formulas as text: `12 + for i0 in local_invocation_index..n by 256 {8} + if local_invocation_index == 0 {4}`. The
//! expressions in them are WGSL's, and are read from the WGSL of a kernel too.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::expression::{Expression, Operator};
use super::{Formula, Part};

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut plus = "";
        if self.constant != 0 || self.parts.is_empty() {
            write!(f, "{}", self.constant)?;
            plus = " + ";
        }
        for part in &self.parts {
            match part {
                Part::Loop { counter, start, end, step, body } => {
                    write!(f, "{plus}for i{counter} in {}..{}", Operand(start), Operand(end))?;
                    if *step != Expression::Number(1) {
                        write!(f, " by {}", Operand(step))?;
                    }
                    write!(f, " {{{body}}}")?;
                }
                Part::Choice { condition, then, otherwise } => {
                    write!(f, "{plus}if {condition} {{{then}}}")?;
                    if !otherwise.is_zero() {
                        write!(f, " else {{{otherwise}}}")?;
                    }
                }
            }
            plus = " + ";
        }
        Ok(())
    }
}

/// An expression in brackets where it is an operation.
struct Operand<'a>(&'a Expression);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expression::Binary(operator, _) if !matches!(operator, Operator::Min | Operator::Max) => {
                write!(f, "({})", self.0)
            }
            other => other.fmt(f),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
            Self::Group => f.write_str("workgroup_id"),
            Self::Lane => f.write_str("local_invocation_index"),
            Self::SubgroupSize => f.write_str("subgroup_size"),
            Self::Counter(counter) => write!(f, "i{counter}"),
            Self::Length(name) => write!(f, "arrayLength(&{name})"),
            Self::Element(name, index) => write!(f, "{name}[{index}]"),
            Self::Not(inner) => write!(f, "!({inner})"),
            Self::Select(all) => write!(f, "select({}, {}, {})", all.0, all.1, all.2),
            Self::Binary(Operator::Min, both) => write!(f, "min({}, {})", both.0, both.1),
            Self::Binary(Operator::Max, both) => write!(f, "max({}, {})", both.0, both.1),
            Self::Binary(operator, both) => {
                let sign =
                    Operator::SIGNS.iter().find(|(_, known, _)| known == operator).map_or("?", |(sign, ..)| sign);
                write!(f, "{} {sign} {}", Operand(&both.0), Operand(&both.1))
            }
            Self::Variable(_) | Self::Unknown => f.write_str("?"),
        }
    }
}

/// A text is not a formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a formula of costs, from byte {at} on")]
pub struct NotAFormula {
    text: String,
    at: usize,
}

impl FromStr for Formula {
    type Err = NotAFormula;

    fn from_str(text: &str) -> Result<Self, NotAFormula> {
        // Counters are numbered names.
        let counter = |name: &str| name.strip_prefix('i').and_then(|rest| rest.parse().ok()).map(Expression::Counter);
        let resolve = |name: &str| match name {
            "workgroup_id" => Expression::Group,
            "subgroup_size" => Expression::SubgroupSize,
            _ => counter(name).unwrap_or_else(|| Expression::Name(name.to_owned())),
        };
        let mut parser = Parser { text, at: 0, resolve: &resolve, element: &|_| true };
        let formula = parser.formula();
        match formula {
            Some(formula) if parser.rest().trim().is_empty() => Ok(formula),
            _ => Err(NotAFormula { text: text.to_owned(), at: parser.at }),
        }
    }
}

impl Expression {
    /// Of WGSL's text; [`Unknown`](Self::Unknown) where that is beyond integers and conditions. `resolve` says what a name
    /// is, `element` whether a name is a buffer that is only read.
    pub fn of_wgsl(text: &str, resolve: &dyn Fn(&str) -> Expression, element: &dyn Fn(&str) -> bool) -> Self {
        let mut parser = Parser { text, at: 0, resolve, element };
        let expression = parser.expression(0);
        if parser.rest().trim().is_empty() { expression.unwrap_or(Self::Unknown) } else { Self::Unknown }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    resolve: &'a dyn Fn(&str) -> Expression,
    element: &'a dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn word(&mut self) -> &'a str {
        self.skip_spaces();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        let found = self.word() == keyword;
        if !found {
            self.at = before;
        }
        found
    }

    fn formula(&mut self) -> Option<Formula> {
        let mut sum = Formula::default();
        loop {
            if self.keyword("for") {
                let counter = self.word().strip_prefix('i')?.parse().ok()?;
                if !self.keyword("in") {
                    return None;
                }
                let start = self.expression(0)?;
                if !self.eat("..") {
                    return None;
                }
                let end = self.expression(0)?;
                let step = if self.keyword("by") { self.expression(0)? } else { Expression::Number(1) };
                let body = self.block()?;
                sum.parts.push(Part::Loop { counter, start, end, step, body });
            } else if self.keyword("if") {
                let condition = self.expression(0)?;
                let then = self.block()?;
                let otherwise = if self.keyword("else") { self.block()? } else { Formula::default() };
                sum.parts.push(Part::Choice { condition, then, otherwise });
            } else {
                sum.constant += self.word().parse::<u64>().ok()?;
            }
            if !self.eat("+") {
                return Some(sum);
            }
        }
    }

    fn block(&mut self) -> Option<Formula> {
        let formula = self.eat("{").then(|| self.formula())??;
        self.eat("}").then_some(formula)
    }

    /// An expression whose operators bind tighter than `least`.
    fn expression(&mut self, least: u8) -> Option<Expression> {
        let mut left = self.operand()?;
        loop {
            self.skip_spaces();
            let next = Operator::SIGNS.iter().find(|(sign, ..)| self.rest().starts_with(sign));
            let Some((sign, operator, binds)) = next.filter(|(_, _, binds)| *binds > least) else { return Some(left) };
            self.at += sign.len();
            let right = self.expression(*binds)?;
            left = Expression::binary(*operator, left, right);
        }
    }

    fn operand(&mut self) -> Option<Expression> {
        if self.eat("?") {
            return Some(Expression::Unknown);
        }
        if self.eat("!") {
            return Some(self.operand()?.not());
        }
        if self.eat("(") {
            let inner = self.expression(0)?;
            return self.eat(")").then_some(inner).and_then(|inner| self.after(inner));
        }
        let word = self.word();
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            let number = word.trim_end_matches(['u', 'i']).parse().ok()?;
            // `1.5f` is no integer; `1..n` is a range's start.
            let fraction = self.rest().starts_with('.') && !self.rest().starts_with("..");
            return (!fraction).then_some(Expression::Number(number));
        }
        match word {
            "" => None,
            "true" => Some(Expression::Number(1)),
            "false" => Some(Expression::Number(0)),
            "local_invocation_index" => Some(Expression::Lane),
            "subgroup_invocation_id" => {
                Some(Expression::binary(Operator::Remainder, Expression::Lane, Expression::SubgroupSize))
            }
            "uniforms" => (self.eat(".params.")).then(|| Expression::Name(self.word().to_owned())),
            "arrayLength" => {
                let name = self.eat("(&").then(|| self.word().to_owned())?;
                self.eat(")").then_some(Expression::Length(name))
            }
            // A type in angle brackets follows, and what they make is no integer of the kernel's flow.
            "bitcast" | "array" | "vec2" | "vec3" | "vec4" => None,
            _ if self.eat("(") => {
                let arguments = self.arguments()?;
                let call = match (word, <[Expression; 1]>::try_from(arguments)) {
                    ("u32", Ok([one])) => one,
                    (_, Ok(_)) => Expression::Unknown,
                    (_, Err(arguments)) => of_call(word, arguments),
                };
                self.after(call)
            }
            _ if self.eat("[") => {
                let index = self.expression(0)?;
                let known = self.eat("]").then(|| (self.element)(word) && index != Expression::Unknown)?;
                let element =
                    if known { Expression::Element(word.to_owned(), Box::new(index)) } else { Expression::Unknown };
                self.after(element)
            }
            _ => {
                let value = (self.resolve)(word);
                self.after(value)
            }
        }
    }

    fn arguments(&mut self) -> Option<Vec<Expression>> {
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Some(arguments);
        }
        loop {
            // The address of a variable.
            self.eat("&");
            arguments.push(self.expression(0)?);
            if self.eat(")") {
                return Some(arguments);
            }
            if !self.eat(",") {
                return None;
            }
        }
    }

    /// What follows an operand: components, fields and elements of values are data.
    fn after(&mut self, operand: Expression) -> Option<Expression> {
        let mut operand = operand;
        loop {
            if self.rest().starts_with('.') && !self.rest().starts_with("..") {
                self.at += 1;
                self.word();
            } else if self.rest().starts_with('[') {
                self.at += 1;
                self.expression(0)?;
                if !self.eat("]") {
                    return None;
                }
            } else {
                return Some(operand);
            }
            operand = Expression::Unknown;
        }
    }
}

fn of_call(name: &str, arguments: Vec<Expression>) -> Expression {
    let mut arguments = arguments.into_iter();
    match (name, arguments.next(), arguments.next(), arguments.next(), arguments.next()) {
        ("min", Some(a), Some(b), None, None) => Expression::binary(Operator::Min, a, b),
        ("max", Some(a), Some(b), None, None) => Expression::binary(Operator::Max, a, b),
        ("select", Some(otherwise), Some(then), Some(condition), None) => {
            Expression::select(otherwise, then, condition)
        }
        _ => Expression::Unknown,
    }
}
