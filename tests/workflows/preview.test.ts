import { renderPreview } from "../../cli/preview/markdown";

const output = `Previewing update (prod):
~ holdfast:host:FileSet: (update)
    [id=pve01/hosts]
  ~ files: {
      ~ /etc/hosts: {
          ~ content:
                127.0.0.1 localhost
              - 127.0.1.1 pve01
              + 192.0.2.11 pve01
        }
    }
Resources:
    + 1 to create
    ~ 2 to update
    3 changes. 5 unchanged
`;
const render = (more: Partial<Parameters<typeof renderPreview>[0]> = {}, limit?: number) =>
    renderPreview({ output, succeeded: true, stack: "prod", refresh: false, ...more }, limit);

test("the verdict comes first, with the engine's own counts", () => {
    expect(render().split("\n")[0]).toBe("## 📝 1 to create, 2 to update");
});

test("a preview that changes nothing says so", () => {
    expect(render({ output: "Resources:\n    5 unchanged\n" })).toMatch(/^## ✅ No changes\n/);
});

test("it says that it compared with state, or with the live nodes", () => {
    expect(render()).toContain("Stack `prod`. Compared with the state of the last `up`; no node was contacted.");
    expect(render({ refresh: true })).toContain("Compared with the live nodes.");
});

test("the signs stand at the front of the line, where they are coloured", () => {
    expect(render()).toContain("\n-               127.0.1.1 pve01\n+               192.0.2.11 pve01\n");
});

test("a refused preview is a failure, opened, with its reason", () => {
    const refused = render({
        output: "error: pve01: /etc/fstab:3:1: error: /dev/sdb1 is a device name [device-name]",
        succeeded: false,
    });
    expect(refused).toMatch(/^## ❌ The preview failed\n/);
    expect(refused).toContain("<details open>");
    expect(refused).toContain("[device-name]");
});

test("content with backticks does not end the block", () => {
    expect(render({ output: "```\n" })).toContain("\n````diff\n```\n````\n");
});

test("what a node wrote steers no terminal and hides from no reader", () => {
    expect(render({ output: "+ \u001b[2Jgone\u202e\rx\n" })).toContain("\n+ \\x1b[2Jgone\\u202e\\x0dx\n");
});

test("the counts are the engine's, not a line's that looks like them", () => {
    const forged = render({ output: `error: Resources:\nResources:\n    9 to delete\n${output}` });
    expect(forged.split("\n")[0]).toBe("## 📝 1 to create, 2 to update");
});

test("what does not fit is counted, and the comment stays within the limit", () => {
    const long = render({ output: `${"x".repeat(99)}\n`.repeat(2000) });
    expect(long.length).toBeLessThan(63_001);
    expect(long).toMatch(/\n13\d\d more lines: `pulumi preview --diff`/);
});
