//! What an author reads when a kernel is wrong: message and position of every error. `TRYBUILD=overwrite` writes the
//! expected texts anew.

#[test]
fn errors_are_in_the_authors_terms_and_at_his_tokens() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
