//! Device functions as WGSL functions: one for each set of generics and bindings, written where first called.

use super::cost;
use super::expr::{Expr, StorageRef, WorkgroupRef};
use super::module::{self, Body, Finished};
use super::names::identifier;
use super::statement;
use super::types::WgslType;

/// How an argument of a device function reaches it.
pub struct Argument {
    parameter: Option<String>,
    call: Option<String>,
}

impl Argument {
    /// The parameter's name.
    fn name(&self) -> Option<&str> {
        self.parameter.as_deref()?.split(':').next()
    }
}

/// A device function's instance while its twin runs.
pub struct Function {
    /// What tells instances apart: the function, its generics, the bindings it is instantiated for.
    key: String,
    /// The same for readers, from which the WGSL name is made.
    name: String,
    body: Body,
    arguments: Vec<Argument>,
    has_pointer: bool,
}

impl Function {
    /// The instance of `name` for these generics (type names and const values). `place` is where the function is
    /// written and `owner` its full type's name, for functions of one name in several places and types.
    pub fn new(place: &str, owner: &str, name: &str, generics: &[String], full_generics: &[String]) -> Self {
        let mut readable = name.to_owned();
        for generic in generics {
            readable.push('_');
            readable.push_str(generic);
        }
        let key = format!("{place} {owner} {name} {full_generics:?}");
        Self { key, name: readable, body: Body::new(), arguments: Vec::new(), has_pointer: false }
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
        let name = self.body.fresh_variable(name);
        self.has_pointer = true;
        let passed = argument.text();
        // A pointer parameter that is passed on is `(*p)` here, and `p` itself there.
        let passed = match passed.strip_prefix("(*").and_then(|rest| rest.strip_suffix(')')) {
            Some(pointer) => pointer.to_owned(),
            None => format!("&{passed}"),
        };
        self.arguments
            .push(Argument { parameter: Some(format!("{name}: ptr<function, {}>", T::wgsl())), call: Some(passed) });
        Expr::new(format!("(*{name})"))
    }

    /// A parameter `&T`: of the params struct, which is of the module, the function is instantiated for it; any other
    /// value is passed.
    pub fn reference<T: WgslType>(&mut self, name: &str, argument: Expr<T>) -> Expr<T> {
        let text = argument.text();
        if text.starts_with("uniforms.") {
            self.named(&text);
            argument
        } else {
            self.value(name, argument)
        }
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
        self.key.push(' ');
        self.key.push_str(name);
        self.name.push('_');
        self.name.push_str(name);
        self.arguments.push(Argument { parameter: None, call: None });
    }

    /// Writes the function unless it exists, and gives the call. A function that calls itself gets a call of what is
    /// being written, for the validator to refuse.
    pub fn call<R: WgslType>(self, body: impl FnOnce() -> Expr<R>) -> Expr<R> {
        let known = module::with(|module| module.instances.get(&self.key).cloned());
        let name = match known {
            Some(name) => name,
            None => {
                let name = module::with(|module| {
                    let name = module.declare(&identifier(&self.name));
                    module.instances.insert(self.key, name.clone());
                    name
                });
                let parameters: Vec<&str> = self.arguments.iter().filter_map(|a| a.parameter.as_deref()).collect();
                let result = if R::IS_UNIT { String::new() } else { format!(" -> {}", R::wgsl()) };
                let signature = format!("fn {name}({}){result}", parameters.join(", "));
                module::with(|module| module.stack.push(self.body));
                cost::push_function(self.arguments.iter().filter_map(Argument::name));
                let value = body();
                statement::finish(value);
                let cost = cost::pop_function();
                module::with(|module| {
                    if let Some(body) = module.stack.pop() {
                        let Body { has_effects, lines, .. } = body;
                        let has_pointer = self.has_pointer;
                        module
                            .functions
                            .push((name.clone(), Finished { signature, has_effects, has_pointer, lines, cost }));
                    }
                });
                name
            }
        };
        let cost = module::with(|module| {
            let finished = module.functions.iter().find(|(key, _)| *key == name).map(|(_, finished)| finished);
            if let Some(caller) = module.stack.last_mut() {
                caller.has_effects |= finished.is_some_and(|finished| finished.has_effects);
            }
            finished.map(|finished| finished.cost.clone())
        });
        if let Some(cost) = cost {
            let named = self.arguments.iter().filter_map(|a| Some((a.name()?.to_owned(), a.call.clone()?)));
            cost::call(cost, &named.collect::<Vec<_>>());
        }
        for variable in self.arguments.iter().filter_map(|a| a.call.as_deref()?.strip_prefix('&')) {
            cost::assign(variable, None);
        }
        let passed: Vec<String> = self.arguments.into_iter().filter_map(|a| a.call).collect();
        Expr::new(format!("{name}({})", passed.join(", ")))
    }
}
