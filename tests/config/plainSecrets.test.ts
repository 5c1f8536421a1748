import { plainSecretWarnings } from "../../config";

const config = (values: Readonly<Record<string, string>>) => ({ get: (key: string) => values[key] }) as never;
const none = { commands: [] };
const given = { privateKey: "-----BEGIN", mailPassword: "x", fleet: "{}" };

test("what opens something and stands in plain text is told, with what to type, and not quoted", () => {
    const warnings = plainSecretWarnings(none, config(given), () => false, "prod");
    expect(warnings).toEqual([
        expect.stringMatching(
            /^holdfast:privateKey STANDS IN PLAIN TEXT in Pulumi\.prod\.yaml: .*pulumi config set --secret holdfast:privateKey$/,
        ),
        expect.stringMatching(/^holdfast:mailPassword STANDS IN PLAIN TEXT/),
    ]);
    expect(warnings.join()).not.toContain("BEGIN");
});

test("the keys that commands are given count too, each once", () => {
    const command = { name: "notify", argv: ["true"], after: [], triggers: [], timeout: 600 };
    const commands = [
        { ...command, environment: { TOKEN: { secret: "notifyToken" } }, stdin: { secret: "notifyToken" } },
    ];
    expect(plainSecretWarnings({ commands }, config({ notifyToken: "x" }), () => false, "prod")).toEqual([
        expect.stringMatching(/^holdfast:notifyToken STANDS IN PLAIN TEXT/),
    ]);
});

test("a secret is no finding", () => {
    expect(plainSecretWarnings(none, config(given), (key) => key === "holdfast:privateKey", "prod")).toEqual([
        expect.stringMatching(/^holdfast:mailPassword/),
    ]);
    expect(plainSecretWarnings(none, config({}), () => false, "prod")).toEqual([]);
});

test("so does the token of a metrics server", () => {
    const influx = { type: "influxdb" as const, server: "192.0.2.50", port: 8086, token: { secret: "metricsToken" } };
    const proxmox = { endpoint: "https://192.0.2.11:8006", trust: {}, mail: [], metrics: { influx } };
    expect(plainSecretWarnings({ proxmox }, config({ metricsToken: "x" }), () => false, "prod")).toEqual([
        expect.stringMatching(/^holdfast:metricsToken STANDS IN PLAIN TEXT/),
    ]);
});
