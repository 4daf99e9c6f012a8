//! Re-checks the arrows between the crates from their manifests.

use crate::tree::{CRATES, check, read};

/// Which of our crates each crate may depend on when it ships.
const ARROWS: [(&str, &[&str]); 6] = [
    ("protocol", &[]),
    ("rollout", &["protocol"]),
    ("state", &["protocol"]),
    ("thread-store", &["protocol", "rollout", "state"]),
    ("app-server", &["protocol", "thread-store"]),
    ("test-support", &[]),
];

/// Dependencies that only one crate may have.
const RESERVED: [(&str, &[&str]); 4] = [
    ("rusqlite", &["state", "test-support"]),
    ("clap", &["app-server"]),
    ("indicatif", &["app-server"]),
    ("proptest", &["test-support"]),
];

/// The names under `[dependencies]` and its like, build and target ones too; development ones are exempt.
fn shipped_dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut listing = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let (table, name) = section
                .split_once("dependencies.")
                .map_or((section, None), |(head, name)| {
                    (if head.is_empty() { "dependencies" } else { section }, Some(name))
                });
            let ships = table.ends_with("dependencies") && !table.contains("dev-");
            listing = ships && name.is_none();
            names.extend(name.filter(|_| !section.contains("dev-")).map(str::to_owned));
        } else if listing && let Some((name, _)) = line.split_once(['.', '=', ' ']) {
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

#[test]
fn shipped_dependencies_are_found_in_every_notation() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n[dependencies.c]\nversion = \"1\"\n\
                    [dev-dependencies]\nd = \"1\"\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n[build-dependencies]\nf = \"1\"\n\
                    [dev-dependencies.g]\nversion = \"1\"";
    assert_eq!(shipped_dependencies(manifest), ["a", "b", "c", "e", "f"]);
}

#[test]
fn arrows_point_one_way() {
    let offenders = ARROWS.iter().flat_map(|(name, allowed)| {
        shipped_dependencies(&read(&format!("{name}/Cargo.toml")))
            .into_iter()
            .filter_map(move |dependency| {
                let ours = dependency.strip_prefix("codex-")?.to_owned();
                (!allowed.contains(&ours.as_str())).then(|| format!("{name} -> {ours}"))
            })
    });
    check("these crates must not see each other", offenders);
}

#[test]
fn reserved_dependencies_stay_in_their_crate() {
    let offenders = ARROWS.iter().flat_map(|(name, _)| {
        shipped_dependencies(&read(&format!("{name}/Cargo.toml")))
            .into_iter()
            .filter_map(move |dependency| {
                let (_, owners) = RESERVED.iter().find(|(reserved, _)| *reserved == dependency)?;
                (!owners.contains(name)).then(|| format!("{name} -> {dependency}"))
            })
    });
    check("these dependencies belong to one crate", offenders);
}

#[test]
fn every_crate_takes_the_shared_lints() {
    let lax = CRATES.iter().chain(&["test-support"]).filter_map(|name| {
        let manifest = read(&format!("{name}/Cargo.toml"));
        (!manifest.contains("[lints]\nworkspace = true")).then(|| (*name).to_owned())
    });
    check("crates without `[lints] workspace = true`", lax);
}

#[test]
fn every_crate_is_named_after_its_folder() {
    let misnamed = CRATES.iter().chain(&["test-support"]).filter_map(|name| {
        let manifest = read(&format!("{name}/Cargo.toml"));
        (!manifest.contains(&format!("name = \"codex-{name}\""))).then(|| (*name).to_owned())
    });
    check("packages that are not called codex-FOLDER", misnamed);
}
