//! `gemmule`: Gemma 4 in a terminal, and a look into its files and kernels.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
