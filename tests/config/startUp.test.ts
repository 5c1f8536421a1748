import { execFileSync } from "node:child_process";
import * as path from "node:path";

const root = path.join(__dirname, "../..");

/**
 * Runs the program with mocks in a process of its own. @returns the optional packages that it has loaded, and what it
 * registered of them
 */
function run(fleet: object): { loaded: string[]; registered: string[] } {
    const program = `
        const pulumi = require("@pulumi/pulumi");
        const registered = [];
        pulumi.runtime.setMocks({
            newResource: ({ type, name, inputs, custom }) => {
                registered.push(type);
                return { id: custom ? name : undefined, state: { ...inputs, observed: { facts: {} } } };
            },
            call: () => ({}),
        }, "holdfast", "test", false);
        pulumi.runtime.setAllConfig({ "holdfast:fleet": ${JSON.stringify(JSON.stringify(fleet))} });
        require("./index.ts");
        process.once("beforeExit", () => {
            const packages = ["@pulumi/command", "@muhlba91/pulumi-proxmoxve"];
            const loaded = packages.filter((name) => Object.keys(require.cache).some((file) => file.includes("/" + name + "/")));
            console.log(JSON.stringify({ loaded, registered: registered.filter((type) => !type.startsWith("holdfast:")) }));
        });`;
    const output = execFileSync(process.execPath, ["--require", "./toolchain/loadTypeScript.js", "-e", program], {
        cwd: root,
        encoding: "utf8",
        timeout: 25_000,
    });
    return JSON.parse(output.trim().split("\n").at(-1)!) as ReturnType<typeof run>;
}

const nodes = { pve01: { address: "192.0.2.11" } };

test("a stack that asks for nothing of the kind loads none of the optional packages", () => {
    expect(run({ nodes })).toEqual({ loaded: [], registered: [] });
});

test("a stack with a command loads the package for it, and no other", () => {
    expect(run({ nodes, commands: { notify: { local: ["./notify.sh"], after: ["pve01-hosts"] } } })).toEqual({
        loaded: ["@pulumi/command"],
        registered: ["command:local:Command"],
    });
});
