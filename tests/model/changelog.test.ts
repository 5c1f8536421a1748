import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesBetween, compareVersions, matches, parseChangelog, reasonsFor } from "../../model/changelog";
import { renderChanges, renderUpgrade, upgradeIn } from "../../cli/changes/run";

const changelog = `# Changelog

## 0.3.0 (2027-02-01)

- New words.

### On the nodes

- \`/etc/hosts\`, \`/etc/cloud/cloud.cfg.d/*\`: a comment says it better.

## 0.2.0 (2027-01-01)

### On the nodes

- \`/usr/local/lib/holdfast/**\`: the watchdog is quicker.

## 0.1.0 (2026-12-01)

- The first.
`;
const sections = parseChangelog(changelog);
const between = (from: string | undefined, to: string) =>
    changesBetween(sections, from, to).map(({ version }) => version);

test("what lies between two versions, oldest first, on the way back too", () => {
    expect(between("0.1.0", "0.3.0")).toEqual(["0.2.0", "0.3.0"]);
    expect(between("0.2.0", "0.3.0")).toEqual(["0.3.0"]);
    expect(between("0.3.0", "0.1.0")).toEqual(["0.2.0", "0.3.0"]);
    expect(between("0.3.0", "0.3.0")).toEqual([]);
    expect(between(undefined, "0.2.0")).toEqual(["0.1.0", "0.2.0"]);
});

test.each([
    ["0.9.0", "0.10.0"],
    ["1.0.0-rc.2", "1.0.0-rc.10"],
    ["1.0.0-rc.10", "1.0.0"],
    ["1.0.0", "1.0.1-rc.1"],
])("%s comes before %s", (one, other) => {
    expect(compareVersions(one, other)).toBeLessThan(0);
    expect(compareVersions(other, one)).toBeGreaterThan(0);
});

test("one star is one name, two are all below", () => {
    expect(matches("/etc/systemd/system/*.d/x.conf", "/etc/systemd/system/rescue.service.d/x.conf")).toBe(true);
    expect(matches("/etc/*", "/etc/a/b")).toBe(false);
    expect(matches("/etc/**", "/etc/a/b")).toBe(true);
    expect(matches("/etc/host.", "/etc/hosts")).toBe(false);
});

test("a file that changes has the sentences of the versions that lie between", () => {
    expect(reasonsFor("/etc/hosts", changesBetween(sections, "0.1.0", "0.3.0"))).toEqual(["a comment says it better."]);
    expect(reasonsFor("/etc/hosts", changesBetween(sections, "0.1.0", "0.2.0"))).toEqual([]);
});

test("`holdfast changes` prints what reaches the nodes first", () => {
    expect(renderChanges("0.2.0", "0.3.0", changelog)).toBe(
        "From 0.2.0 to 0.3.0:\n\n0.3.0\n  On the nodes:\n    /etc/hosts, /etc/cloud/cloud.cfg.d/*: a comment says it better.\n  - New words.\n",
    );
    expect(renderChanges("0.3.0", "0.3.0", changelog)).toContain("nothing that the changelog names");
});

describe("the first preview after an upgrade", () => {
    // As the engine prints it.
    const output = `    ~ holdfast:host:FileSet: (update)
        [id=pve01/hosts]
      ~ files: {
          ~ /etc/hosts: {
              ~ content:
                  - 192.0.2.11 pve01
          ~ /etc/fstab: {
    --outputs:--
  ~ holdfast: "0.1.0" => "0.3.0"
`;

    test("names each file that changes, and why; what the changelog does not name is the user's", () => {
        const upgrade = upgradeIn(output, changelog)!;
        expect(upgrade).toMatchObject({ from: "0.1.0", to: "0.3.0" });
        const told = renderUpgrade(upgrade);
        expect(told).toContain("- `/etc/hosts`: a comment says it better.\n");
        expect(told).toContain("- `/etc/fstab`: the changelog does not name it, so it is a change of yours\n");
    });

    test("of the same version there is nothing to say", () => {
        expect(upgradeIn(output.replace(/~ holdfast *: .*/, ""), changelog)).toBeUndefined();
    });
});

test("every line of the changelog's own `On the nodes` begins with paths", () => {
    const text = readFileSync(join(__dirname, "../../CHANGELOG.md"), "utf8");
    const lines = [...text.matchAll(/^### On the nodes\n([^#]*)/gm)].flatMap(([, block = ""]) =>
        block.split("\n").filter((line) => line.startsWith("- ")),
    );
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^- (?:`\/[^`]+`(?:, )?)+: \S/);
});
