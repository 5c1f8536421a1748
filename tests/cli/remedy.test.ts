/** What is added to the engine's own words. */
import { brokenStateIn, withRemedy } from "../../cli/remedy";

test.each([
    "error: Duplicate resource URN 'urn:pulumi:prod::holdfast::holdfast:host:FileSet::pve01-hosts'; try giving it a unique name",
    "error: refusing to proceed\nThe Pulumi CLI encountered a snapshot integrity error. This is a bug!\nStack trace: …",
])("a state that is out of order is one line with its way out: %s", (said) => {
    const line = withRemedy(said);
    expect(line).toMatch(/`pulumi state repair`.*whole `pulumi up`/);
    expect(line).not.toContain("\n");
    expect(brokenStateIn(said)).toBe(line);
});

test("other words are as they were", () => {
    expect(withRemedy("pve01: connection refused")).toBe("pve01: connection refused");
    expect(brokenStateIn("pve01: connection refused")).toBeUndefined();
});
