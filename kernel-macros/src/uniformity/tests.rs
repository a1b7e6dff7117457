//! Bodies and what is found in them. What is legal at all is the corpus's matter (`kernel/tests/uniformity`); here are
//! the messages and what callers are told.

use super::{Findings, Kind, check};
use crate::diagnostics::Diagnostics;
use crate::signature;

fn findings(function: &str, kind: Kind) -> Findings {
    let mut function: syn::ItemFn = syn::parse_str(function).expect("the test's function");
    let mut diagnostics = Diagnostics::default();
    let arguments = signature::arguments(function.sig.inputs.iter_mut(), &mut diagnostics);
    check(&function.block, &arguments, kind)
}

/// What is wrong in a kernel's body.
fn errors(arguments: &str, body: &str) -> Vec<String> {
    let found = findings(&format!("async fn f({arguments}) {{\n{body}\n}}"), Kind::Kernel);
    found.errors.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_names(arguments: &str, body: &str, parts: &[&str]) {
    let errors = errors(arguments, body);
    let [message] = errors.as_slice() else { panic!("one error is expected: {errors:?}") };
    for part in parts {
        assert!(message.contains(part), "{message}\nlacks: {part}");
    }
}

#[test]
fn a_condition_is_named_with_its_line_and_its_reason() {
    assert_names(
        "lane: LocalIndex",
        "let early = lane < 4;\nif early { workgroup_barrier().await; }",
        &["`workgroup_barrier` must be reached", "`if early` on line 3", "`lane` is the `LocalIndex`"],
    );
}

#[test]
fn an_early_return_is_named_with_its_condition() {
    assert_names(
        "at: GlobalId, params: &P",
        "if at >= params.n {\nreturn;\n}\nworkgroup_barrier().await;",
        &["the `return` on line 3", "`if at >= params.n` on line 2", "`at` is the `GlobalId`"],
    );
}

#[test]
fn a_loop_is_named_with_its_bounds() {
    assert_names(
        "y: &mut Storage<u32>",
        "for i in 0..y[0] { workgroup_barrier().await; }",
        &["the loop over `0..y[0]` on line 2", "`y` is storage that the kernel writes"],
    );
}

#[test]
fn a_variable_set_by_some_is_named_with_their_condition() {
    assert_names(
        "lane: LocalIndex",
        "let mut go = 0u32;\nif lane > 4 { go = 1; }\nif go > 0 { workgroup_barrier().await; }",
        &["`if go > 0` on line 4", "`go` is set on line 3 only by some of them, under `lane > 4`"],
    );
}

#[test]
fn a_match_on_what_differs_is_a_condition() {
    assert_names(
        "lane: LocalIndex",
        "match lane { 0 => workgroup_barrier().await, _ => {} }",
        &["`match lane` on line 2"],
    );
    assert_names(
        "lane: LocalIndex, params: &P",
        "let chosen = match params.n { n if n > lane => 1, _ => 2 };\nif chosen == 1 { workgroup_barrier().await; }",
        &["`if chosen == 1` on line 3"],
    );
    assert!(errors("params: &P", "match params.n { 0 => workgroup_barrier().await, _ => {} }").is_empty());
}

#[test]
fn a_while_loop_is_as_uniform_as_its_condition_at_every_turn() {
    let body = "let mut i = 0u32;\nwhile i < 4 { workgroup_barrier().await; i += lane; }";
    assert_names("lane: LocalIndex", body, &["the loop over `i < 4` on line 3"]);
    assert!(errors("params: &P", "let mut i = 0u32;\nwhile i < 4 { workgroup_barrier().await; i += 1; }").is_empty());
}

#[test]
fn an_associated_function_may_not_ask_for_uniform_arguments() {
    let function = "async fn f(n: u32) { for _ in 0..n { workgroup_barrier().await; } }";
    let found = findings(function, Kind::WaitingAssociated);
    assert!(found.errors[0].to_string().contains("by its trait only, so `n` may differ"));
    assert!(findings(function, Kind::Waiting).errors.is_empty());
}

#[test]
fn a_function_says_which_arguments_it_needs() {
    let function = "async fn f(x: u32, n: u32, m: u32) { if n > 0 { return; } workgroup_barrier().await; }";
    let summary = findings(function, Kind::Waiting).summary;
    assert_eq!(summary.uniform_arguments.to_string(), "2u64");
    assert_eq!(summary.divergent_result.to_string(), "2u64");
}

#[test]
fn what_a_called_function_needs_of_an_argument_is_asked_of_its_constants() {
    let function = "async fn f(lane: LocalIndex) { other::g::<4>(lane).await; }";
    let conditions = findings(function, Kind::Kernel).conditions;
    assert_eq!(conditions.len(), 1);
    let wrong = conditions[0].wrong.to_string();
    assert!(wrong.starts_with("other :: g :: UNIFORM_ARGUMENTS & (1u64 << 0u32) != 0"), "{wrong}");
    assert!(conditions[0].message.contains("and `lane` is not: `lane` is the `LocalIndex`"));
}

#[test]
fn a_plain_function_may_not_give_what_differs_without_an_argument_that_does() {
    let plain = |function: &str| findings(function, Kind::Plain).conditions;
    let conditions = plain("fn f(n: u32) -> u32 { n + subgroup_invocation_id() }");
    assert!(conditions[0].message.starts_with("`subgroup_invocation_id()` differs between invocations"));
    assert_eq!(plain("fn f(n: &mut u32) { *n = subgroup_invocation_id(); }").len(), 1);
    assert!(plain("fn f(y: &mut Storage<u32>, n: u32) -> u32 { y[n] = subgroup_invocation_id(); n }").is_empty());
}
