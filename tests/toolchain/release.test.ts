/** What `npm run release` decides; what it packs is tests/reuse's. */
import { faultsOfContents, renderContents } from "../../scripts/release/contents";
import { nextVersion, releasedChangelog, sectionOf } from "../../scripts/release/version";

const changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-12-01)\n\n- The first.\n";
const breaking = changelog.replace("- New.", "### Breaking\n\n- `fleet` is called otherwise.");

test.each([
    ["0.1.0", "patch", "0.1.1"],
    ["0.1.9", "minor", "0.2.0"],
    ["1.2.3", "major", "2.0.0"],
    ["1.2.3", "1.3.0-rc.1", "1.3.0-rc.1"],
    ["1.3.0-rc.1", "1.3.0", "1.3.0"],
])("after %s %s is %s", (current, asked, next) => {
    expect(nextVersion(current, asked, changelog)).toBe(next);
});

test.each([
    ["0.1.0", "0.1.0", /0\.1\.0 is not newer than 0\.1\.0/],
    ["0.2.0", "0.1.9", /is not newer/],
    ["0.1.0", "v0.2", /expected major, minor, patch or a version such as 0\.2\.0/],
])("after %s %s is refused", (current, asked, why) => {
    expect(() => nextVersion(current, asked, changelog)).toThrow(why);
});

test("what the changelog calls breaking is no small step", () => {
    expect(() => nextVersion("0.1.0", "patch", breaking)).toThrow(/it is 0\.2\.0 at least, not 0\.1\.1/);
    expect(nextVersion("0.1.0", "minor", breaking)).toBe("0.2.0");
    expect(() => nextVersion("1.1.0", "minor", breaking)).toThrow(/it is 2\.0\.0 at least/);
});

test("what is unreleased becomes the version's section, once", () => {
    const released = releasedChangelog(changelog, "0.2.0", "2027-01-02");
    expect(released).toContain("## Unreleased\n\n## 0.2.0 (2027-01-02)\n\n- New.\n\n## 0.1.0");
    expect(sectionOf(released, "0.2.0")).toBe("- New.");
    expect(() => releasedChangelog(released, "0.3.0", "2027-01-03")).toThrow(/nothing under `## Unreleased`/);
    expect(() => sectionOf(released, "9.9.9")).toThrow(/no section 9\.9\.9/);
});

const whole = [
    "cli/holdfast.js",
    "provider/pulumi-resource-holdfast",
    "dist/stack.js",
    "dist/cli/main.js",
    "dist/provider/main.js",
    "dist/host/node/main.py",
    "dist/toolchain/loadTypeScript.js",
    "dist/templates/etc/hosts.hbs",
    "dist/alerts/holdfast-up.rules.yml",
    "starter/gitignore",
    "CHANGELOG.md",
].map((path) => ({ path, size: 10, mode: 0o644 }));

test("a package with all that is needed and no more is as it has to be", () => {
    expect(faultsOfContents(whole, 1000)).toEqual([]);
});

test.each([
    [{ path: "dist/cli/id_ed25519", size: 10, mode: 0o600 }, "dist/cli/id_ed25519: does not belong into the package"],
    [{ path: "tests/helpers/lab.ts", size: 10, mode: 0o644 }, "tests/helpers/lab.ts: does not belong into the package"],
    [{ path: "Pulumi.prod.yaml", size: 10, mode: 0o644 }, "Pulumi.prod.yaml: does not belong into the package"],
    [{ path: "schema/a.json", size: 9e5, mode: 0o644 }, "schema/a.json: 900000 bytes, at most 300000"],
    [{ path: "docs/a.md", size: 1, mode: 0o755 }, "docs/a.md: is executable"],
])("%j ends the release", (file, fault) => {
    expect(faultsOfContents([...whole, file], 1000)).toEqual([fault]);
});

test("so does a file that is missing, and a tarball that has grown", () => {
    expect(faultsOfContents(whole.slice(1), 2e6)).toEqual([
        "cli/holdfast.js: is missing",
        "the tarball: 2000000 bytes, at most 1300000",
    ]);
});

test("the list is by path", () => {
    expect(renderContents(whole.slice(0, 2).reverse())).toBe(
        "      10 cli/holdfast.js\n      10 provider/pulumi-resource-holdfast\n",
    );
});
