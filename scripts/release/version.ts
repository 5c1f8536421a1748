/** The next version, and its section of the changelog. */
import { compareVersions, parseChangelog } from "../../model/changelog";

const BREAKING = /^### Breaking$/m;

/**
 * @param asked `major`, `minor`, `patch`, or the version itself
 * @throws Error where it is not newer, or too small a step for what the changelog calls breaking
 */
export function nextVersion(current: string, asked: string, changelog: string): string {
    const [major = 0, minor = 0, patch = 0] = current.split("-", 1)[0]!.split(".").map(Number);
    const steps: Readonly<Record<string, string>> = {
        major: `${major + 1}.0.0`,
        minor: `${major}.${minor + 1}.0`,
        patch: `${major}.${minor}.${patch + 1}`,
    };
    const next = steps[asked] ?? asked;
    if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(next))
        throw new Error(`${asked}: expected major, minor, patch or a version such as ${steps["minor"] ?? ""}`);
    if (compareVersions(next, current) <= 0) throw new Error(`${next} is not newer than ${current}`);
    const unreleased = sectionOf(changelog, "Unreleased");
    // Before 1.0.0 the second number is what a breaking change raises.
    const least = major === 0 ? steps["minor"]! : steps["major"]!;
    if (BREAKING.test(unreleased) && compareVersions(next, least) < 0)
        throw new Error(`the changelog has breaking changes, so it is ${least} at least, not ${next}`);
    return next;
}

/**
 * `## Unreleased` becomes the version's, and a new one stands above.
 * @throws Error where there is nothing to release
 */
export function releasedChangelog(changelog: string, version: string, date: string): string {
    const [first] = parseChangelog(changelog);
    if (first?.version !== "Unreleased" || first.changes.length === 0)
        throw new Error("CHANGELOG.md has nothing under `## Unreleased`: a release says what is new");
    return changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} (${date})`);
}

/** The text below `## VERSION`, for the release's own page. @throws Error where the changelog has none */
export function sectionOf(changelog: string, version: string): string {
    const section = changelog.split(/^## /m).find((text) => /^\S+/.exec(text)?.[0] === version);
    if (section === undefined) throw new Error(`CHANGELOG.md has no section ${version}`);
    return section.slice(section.indexOf("\n") + 1).trim();
}
