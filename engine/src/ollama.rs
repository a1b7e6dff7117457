//! The models that Ollama keeps on this machine: `manifests/HOST/NAMESPACE/NAME/TAG` are JSON and name a file under
//! `blobs` by its digest.
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const HOST: &str = "registry.ollama.ai";
const NAMESPACE: &str = "library";
const TAG: &str = "latest";
const MODEL_LAYER: &str = "application/vnd.ollama.image.model";

/// Manifests are a few kilobytes; whatever is larger is none.
const MAX_MANIFEST: u64 = 1 << 20;

/// Why a name could not be turned into a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum StoreError {
    /// Not a name.
    #[error("`{name}` is not a model name: it must be [HOST/][NAMESPACE/]NAME[:TAG]")]
    Name { name: String },
    /// No store has it.
    #[error("model `{name}` is not in Ollama's store; looked for {}{}", listed(.looked), also(.known))]
    NotFound { name: String, looked: Vec<PathBuf>, known: Vec<String> },
    /// There is no store.
    #[error("model `{name}` cannot be looked up: no folder of Ollama's is known (set OLLAMA_MODELS)")]
    NoStore { name: String },
    /// The manifest cannot be read or is not one.
    #[error("the manifest {path} cannot be used: {cause}")]
    Manifest { path: PathBuf, cause: String },
    /// The manifest names a file that is not there.
    #[error("the manifest {manifest} names the file {blob}, which is not there: the download may be incomplete")]
    MissingBlob { manifest: PathBuf, blob: PathBuf },
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn also(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!("; these are there: {}", known.join(", ")),
    }
}

/// A model in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredModel {
    /// Its name without tag, as Ollama shows it: host and namespace only where they are not the usual ones.
    pub name: String,
    /// Its tag.
    pub tag: String,
    /// The GGUF file.
    pub path: PathBuf,
    /// Size of the GGUF file.
    pub bytes: u64,
}

/// The folders in which Ollama keeps models: `$OLLAMA_MODELS`, the user's own and that of the Linux service.
pub fn store_roots() -> Vec<PathBuf> {
    let set = std::env::var_os("OLLAMA_MODELS").filter(|path| !path.is_empty()).map(PathBuf::from);
    let own = std::env::home_dir().map(|home| home.join(".ollama").join("models"));
    let service = cfg!(unix).then(|| PathBuf::from("/usr/share/ollama/.ollama/models"));
    let mut roots = Vec::new();
    for root in [set, own, service].into_iter().flatten() {
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

/// Every complete model in the stores of this machine, sorted by name and tag.
pub fn list() -> Vec<StoredModel> {
    Store::new(store_roots()).list()
}

/// The GGUF file of a name such as `gemma4:e2b`, from the stores of this machine.
pub fn resolve(name: &str) -> Result<PathBuf, StoreError> {
    Store::new(store_roots()).resolve(name)
}

/// One or more folders laid out as Ollama does; the first that has a model wins.
#[derive(Clone, Debug)]
pub struct Store {
    roots: Vec<PathBuf>,
}

/// A model's full name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    host: String,
    namespace: String,
    model: String,
    tag: String,
}

impl Name {
    /// `[HOST/][NAMESPACE/]NAME[:TAG]`. No part can lead out of the store's folder.
    fn parse(text: &str) -> Result<Name, StoreError> {
        let bad = || StoreError::Name { name: text.to_owned() };
        let path = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        // A host may have a port, so only a colon after the last slash starts a tag.
        let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
        let (path, tag) = match path[name_at..].split_once(':') {
            Some((name, tag)) => (&path[..name_at + name.len()], tag),
            None => (path, TAG),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let (host, namespace, model) = match parts[..] {
            [model] => (HOST, NAMESPACE, model),
            [namespace, model] => (HOST, namespace, model),
            [host, namespace, model] => (host, namespace, model),
            _ => return Err(bad()),
        };
        let sound = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        let host_sound = host.split(':').all(sound);
        match host_sound && [namespace, model, tag].into_iter().all(sound) {
            true => Ok(Name {
                host: host.to_owned(),
                namespace: namespace.to_owned(),
                model: model.to_owned(),
                tag: tag.to_owned(),
            }),
            false => Err(bad()),
        }
    }

    fn manifest(&self, root: &Path) -> PathBuf {
        root.join("manifests").join(&self.host).join(&self.namespace).join(&self.model).join(&self.tag)
    }

    /// As Ollama shows it, without the tag.
    fn short(&self) -> String {
        match (self.host.as_str(), self.namespace.as_str()) {
            (HOST, NAMESPACE) => self.model.clone(),
            (HOST, namespace) => format!("{namespace}/{}", self.model),
            (host, namespace) => format!("{host}/{namespace}/{}", self.model),
        }
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(rename = "mediaType")]
    media_type: String,
    digest: String,
}

impl Store {
    /// A store in these folders.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Store { roots: roots.into_iter().collect() }
    }

    /// Every complete model, sorted by name and tag.
    pub fn list(&self) -> Vec<StoredModel> {
        let mut found = BTreeMap::new();
        for root in &self.roots {
            for name in names(root) {
                let manifest = name.manifest(root);
                if let Ok(path) = blob(root, &manifest)
                    && let Ok(about) = fs::metadata(&path)
                {
                    let model = StoredModel { name: name.short(), tag: name.tag.clone(), path, bytes: about.len() };
                    found.entry((model.name.clone(), model.tag.clone())).or_insert(model);
                }
            }
        }
        found.into_values().collect()
    }

    /// The GGUF file of a name such as `gemma4:e2b`; the tag is `latest` where none is given.
    pub fn resolve(&self, name: &str) -> Result<PathBuf, StoreError> {
        let parsed = Name::parse(name)?;
        if self.roots.is_empty() {
            return Err(StoreError::NoStore { name: name.to_owned() });
        }
        let mut looked = Vec::new();
        for root in &self.roots {
            let manifest = parsed.manifest(root);
            if manifest.is_file() {
                return blob(root, &manifest);
            }
            looked.push(manifest);
        }
        let known = self.list().into_iter().map(|model| format!("{}:{}", model.name, model.tag)).collect();
        Err(StoreError::NotFound { name: name.to_owned(), looked, known })
    }
}

/// The names of all manifests in a folder, four levels deep.
fn names(root: &Path) -> Vec<Name> {
    let entries = |path: &Path| -> Vec<String> {
        let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let manifests = root.join("manifests");
    let mut names = Vec::new();
    for host in entries(&manifests) {
        for namespace in entries(&manifests.join(&host)) {
            for model in entries(&manifests.join(&host).join(&namespace)) {
                for tag in entries(&manifests.join(&host).join(&namespace).join(&model)) {
                    names.extend(Name::parse(&format!("{host}/{namespace}/{model}:{tag}")));
                }
            }
        }
    }
    names
}

/// The file that holds a manifest's model.
fn blob(root: &Path, manifest: &Path) -> Result<PathBuf, StoreError> {
    let unusable = |cause: String| StoreError::Manifest { path: manifest.to_owned(), cause };
    let size = fs::metadata(manifest).map_err(|error| unusable(error.to_string()))?.len();
    if size > MAX_MANIFEST {
        return Err(unusable(format!("it is {size} bytes long")));
    }
    let text = fs::read_to_string(manifest).map_err(|error| unusable(error.to_string()))?;
    let parsed: Manifest = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    let Some(layer) = parsed.layers.iter().find(|layer| layer.media_type == MODEL_LAYER) else {
        return Err(unusable(format!("it has no layer of the type `{MODEL_LAYER}`")));
    };
    let hex = match layer.digest.strip_prefix("sha256:") {
        Some(hex) if hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => hex,
        _ => return Err(unusable(format!("`{}` is not a SHA-256 digest", layer.digest))),
    };
    let blob = root.join("blobs").join(format!("sha256-{hex}"));
    match blob.is_file() {
        true => Ok(blob),
        false => Err(StoreError::MissingBlob { manifest: manifest.to_owned(), blob }),
    }
}
