import { plainSecretWarnings } from "../../config";

const config = (values: Readonly<Record<string, string>>) => ({ get: (key: string) => values[key] }) as never;
const given = { privateKey: "-----BEGIN", mailPassword: "x", fleet: "{}" };

test("what opens something and stands in plain text is told, with what to type, and not quoted", () => {
    const warnings = plainSecretWarnings(config(given), () => false, "prod");
    expect(warnings).toEqual([
        expect.stringMatching(
            /^holdfast:privateKey STANDS IN PLAIN TEXT in Pulumi\.prod\.yaml: .*pulumi config set --secret holdfast:privateKey$/,
        ),
        expect.stringMatching(/^holdfast:mailPassword STANDS IN PLAIN TEXT/),
    ]);
    expect(warnings.join()).not.toContain("BEGIN");
});

test("a secret is no finding", () => {
    expect(plainSecretWarnings(config(given), (key) => key === "holdfast:privateKey", "prod")).toEqual([
        expect.stringMatching(/^holdfast:mailPassword/),
    ]);
    expect(plainSecretWarnings(config({}), () => false, "prod")).toEqual([]);
});
