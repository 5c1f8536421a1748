import { withoutPasswords } from "../../cli/pulumi";
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

test("the password of a state database is in nothing that a report is made of", () => {
    const said =
        'unable to open state database "postgres://holdfast:s3cr@t@192.0.2.60:5432/state?sslmode=disable": refused';
    expect(withoutPasswords(said)).toBe(
        'unable to open state database "postgres://holdfast:****@192.0.2.60:5432/state?sslmode=disable": refused',
    );
    expect(withoutPasswords("http://user:shown@192.0.2.60/ of a node's own file")).toContain("shown");
});
