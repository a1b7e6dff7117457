//! Device functions as WGSL functions: one for each set of generics and bindings, written where first called.

use super::cost;
use super::expr::{Expr, StorageRef, WorkgroupRef};
use super::module::{self, Body, Finished};
use super::statement;
use super::types::WgslType;

/// How an argument of a device function reaches it.
pub struct Argument {
    parameter: Option<String>,
    call: Option<String>,
}

/// A device function's instance while its twin runs.
pub struct Function {
    key: String,
    body: Body,
    arguments: Vec<Argument>,
}

impl Function {
    /// The instance of `name` for these generics (type names and const values).
    pub fn new(name: &str, generics: &[String]) -> Self {
        let mut key = name.to_owned();
        for generic in generics {
            key.push('_');
            key.push_str(generic);
        }
        Self { key, body: Body::new(), arguments: Vec::new() }
    }

    /// A parameter passed by value.
    pub fn value<T: WgslType>(&mut self, name: &str, argument: Expr<T>) -> Expr<T> {
        let name = self.body.fresh(name);
        self.arguments
            .push(Argument { parameter: Some(format!("{name}: {}", T::wgsl())), call: Some(argument.text()) });
        Expr::new(name)
    }

    /// A parameter `&mut T`: a pointer to a variable of the calling function.
    pub fn pointer<T: WgslType>(&mut self, name: &str, argument: Expr<T>) -> Expr<T> {
        let name = self.body.fresh(name);
        let passed = argument.text();
        // A pointer parameter that is passed on is `(*p)` here, and `p` itself there.
        let passed = match passed.strip_prefix("(*").and_then(|rest| rest.strip_suffix(')')) {
            Some(pointer) => pointer.to_owned(),
            None => format!("&{passed}"),
        };
        self.arguments.push(Argument {
            parameter: Some(format!("{name}: ptr<function, {}>", T::wgsl())),
            call: Some(passed),
        });
        Expr::new(format!("(*{name})"))
    }

    /// A parameter that names something of the module: WGSL has no pointers to it that every target accepts, so the
    /// function is instantiated for it.
    pub fn global<T: WgslType>(&mut self, argument: Expr<T>) -> Expr<T> {
        self.named(&argument.text());
        argument
    }

    /// A storage buffer, by instantiation.
    pub fn storage<T: WgslType>(&mut self, argument: StorageRef<T>) -> StorageRef<T> {
        self.named(&argument.name());
        argument
    }

    /// Workgroup memory, by instantiation.
    pub fn workgroup<T: WgslType>(&mut self, argument: WorkgroupRef<T>) -> WorkgroupRef<T> {
        self.named(&argument.name());
        argument
    }

    fn named(&mut self, name: &str) {
        self.key.push('_');
        self.key.push_str(name);
        self.arguments.push(Argument { parameter: None, call: None });
    }

    /// Writes the function unless it exists, and gives the call.
    pub fn call<R: WgslType>(self, body: impl FnOnce() -> Expr<R>) -> Expr<R> {
        let name = identifier(&self.key);
        let known = module::with(|module| module.functions.iter().any(|(key, _)| *key == name));
        if !known {
            let parameters: Vec<&str> = self.arguments.iter().filter_map(|a| a.parameter.as_deref()).collect();
            let result = if R::IS_UNIT { String::new() } else { format!(" -> {}", R::wgsl()) };
            let signature = format!("fn {name}({}){result}", parameters.join(", "));
            module::with(|module| module.stack.push(self.body));
            cost::push();
            let value = body();
            statement::finish(value);
            let cost = cost::pop();
            module::with(|module| {
                if let Some(body) = module.stack.pop() {
                    module.functions.push((name.clone(), Finished { signature, lines: body.lines, cost }));
                }
            });
        }
        let cost = module::with(|module| {
            module.functions.iter().find(|(key, _)| *key == name).map(|(_, finished)| finished.cost.clone())
        });
        if let Some(cost) = cost {
            cost::add(&cost);
        }
        let passed: Vec<String> = self.arguments.into_iter().filter_map(|a| a.call).collect();
        Expr::new(format!("{name}({})", passed.join(", ")))
    }
}

/// A key as a WGSL identifier: letters, digits and single underscores (two at the start are reserved, WGSL §3.7).
pub(super) fn identifier(key: &str) -> String {
    let mut name = String::new();
    for c in key.chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '_' };
        if c != '_' || !name.ends_with('_') {
            name.push(c);
        }
    }
    name.trim_matches('_').to_owned()
}
