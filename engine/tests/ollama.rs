//! Ollama's store, laid out in a temporary folder.
use engine::ollama::{Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn store(&self) -> Store {
        Store::new([self.path().to_owned()])
    }

    fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A model as Ollama stores it; gives the file that holds it.
    fn model(&self, name: &str, content: &str) -> PathBuf {
        let hex = format!("{:064x}", content.len());
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "layers": [
                { "mediaType": "application/vnd.ollama.image.license", "digest": "sha256:00", "size": 1 },
                { "mediaType": "application/vnd.ollama.image.model", "digest": format!("sha256:{hex}"), "size": 4 },
            ],
        });
        self.write(&format!("manifests/{name}"), &manifest.to_string());
        self.write(&format!("blobs/sha256-{hex}"), content)
    }
}

#[test]
fn a_name_with_a_tag_leads_to_the_models_file() {
    let folder = Folder::new();
    let blob = folder.model("registry.ollama.ai/library/gemma4/e2b", "GGUF");
    assert_eq!(folder.store().resolve("gemma4:e2b").unwrap(), blob);
    assert_eq!(folder.store().resolve("library/gemma4:e2b").unwrap(), blob);
    assert_eq!(folder.store().resolve("registry.ollama.ai/library/gemma4:e2b").unwrap(), blob);
}

#[test]
fn the_tag_is_latest_where_none_is_given() {
    let folder = Folder::new();
    let blob = folder.model("registry.ollama.ai/library/gemma4/latest", "GGUF");
    assert_eq!(folder.store().resolve("gemma4").unwrap(), blob);
}

#[test]
fn other_namespaces_and_hosts_are_found() {
    let folder = Folder::new();
    let mine = folder.model("registry.ollama.ai/me/gemma/q4", "a");
    let theirs = folder.model("hf.co/them/gemma-GGUF/Q4_K_M", "bb");
    let local = folder.model("localhost:5000/them/gemma/latest", "ccc");
    assert_eq!(folder.store().resolve("me/gemma:q4").unwrap(), mine);
    assert_eq!(folder.store().resolve("hf.co/them/gemma-GGUF:Q4_K_M").unwrap(), theirs);
    assert_eq!(folder.store().resolve("http://localhost:5000/them/gemma").unwrap(), local);
}

#[test]
fn all_complete_models_are_listed_by_name() {
    let folder = Folder::new();
    folder.model("registry.ollama.ai/me/gemma/q4", "GGUF!");
    folder.model("registry.ollama.ai/library/gemma4/e4b", "GGUF!!");
    folder.model("registry.ollama.ai/library/gemma4/e2b", "GGUF");
    folder.write("manifests/registry.ollama.ai/library/broken/latest", "{");
    folder.write("manifests/.DS_Store", "");
    let models = folder.store().list();
    let listed: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.tag.as_str(), model.bytes)).collect();
    assert_eq!(listed, [("gemma4", "e2b", 4), ("gemma4", "e4b", 6), ("me/gemma", "q4", 5)]);
    assert!(models.iter().all(|model| model.path.is_file()));
}

#[test]
fn the_first_folder_that_has_a_model_wins() {
    let (first, second) = (Folder::new(), Folder::new());
    let blob = first.model("registry.ollama.ai/library/gemma4/e2b", "a");
    second.model("registry.ollama.ai/library/gemma4/e2b", "bb");
    let only = second.model("registry.ollama.ai/library/gemma4/e4b", "ccc");
    let store = Store::new([first.path().to_owned(), second.path().to_owned()]);
    assert_eq!(store.resolve("gemma4:e2b").unwrap(), blob);
    assert_eq!(store.resolve("gemma4:e4b").unwrap(), only);
    assert_eq!(store.list().len(), 2);
}

#[test]
fn a_model_that_is_not_there_says_where_it_was_looked_for_and_what_is_there() {
    let folder = Folder::new();
    folder.model("registry.ollama.ai/library/gemma4/e2b", "GGUF");
    let error = folder.store().resolve("gemma4:e4b").unwrap_err().to_string();
    let path = folder.path().join("manifests/registry.ollama.ai/library/gemma4/e4b");
    let looked = path.display();
    assert_eq!(
        error,
        format!("model `gemma4:e4b` is not in Ollama's store; looked for {looked}; these are there: gemma4:e2b")
    );
}

#[test]
fn names_that_lead_out_of_the_store_are_refused() {
    let store = Folder::new().store();
    for name in ["", "../gemma4", "a/b/c/d", "gemma4:../x", "gemma4:", "/gemma4", "a//b", "ge mma", ".hidden", "a\\b"] {
        assert!(matches!(store.resolve(name), Err(StoreError::Name { .. })), "{name}");
    }
}

#[test]
fn a_download_that_is_incomplete_is_named() {
    let folder = Folder::new();
    let blob = folder.model("registry.ollama.ai/library/gemma4/e2b", "GGUF");
    fs::remove_file(&blob).unwrap();
    let error = folder.store().resolve("gemma4:e2b").unwrap_err().to_string();
    assert!(error.contains(&blob.display().to_string()) && error.contains("incomplete"), "{error}");
    assert_eq!(folder.store().list(), []);
}

#[test]
fn a_manifest_that_cannot_be_used_says_why() {
    let folder = Folder::new();
    let unusable = |content: &str| {
        folder.write("manifests/registry.ollama.ai/library/gemma4/latest", content);
        folder.store().resolve("gemma4").unwrap_err().to_string()
    };
    assert!(unusable("no json").contains("cannot be used"));
    assert!(unusable(r#"{"layers":[]}"#).contains("no layer of the type `application/vnd.ollama.image.model`"));
    let elsewhere = r#"{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:../x"}]}"#;
    assert!(unusable(elsewhere).contains("`sha256:../x` is not a SHA-256 digest"));
}
