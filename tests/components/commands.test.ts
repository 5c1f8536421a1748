import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { runCommands } from "../../components/commands";
import { commandLine } from "../../components/commands/plan";
import { formatFault, parseFleet } from "../../components/fleet";
import { hardenFleet, named } from "../../components/hardenedFleet";
import { loadSecrets } from "../../config";
import { hostKey, readFixture, threeNodes } from "../fixtures/fleet/threeNodes";
import { recordRegistrations, valueOf, type Recorder } from "../helpers/registrations";

const withCommands = (commands: object, change: object = {}) => ({ ...threeNodes(), ...change, commands });
const faultsOf = (commands: object, change: object = {}) =>
    parseFleet(withCommands(commands, change), readFixture).faults.map(formatFault);
const commandsOf = (commands: object, change: object = {}) => {
    const { fleet, faults } = parseFleet(withCommands(commands, change), readFixture);
    expect(faults.map(formatFault)).toEqual([]);
    return fleet!.commands;
};

/** The example of docs/commands.md for the time after a restore. */
function afterRestore(restored = "restored-2026-11-27"): object {
    const document = readFileSync(join(__dirname, "../../docs/commands.md"), "utf8");
    const [, example = ""] = /^## After a restore$[^]*?^```yaml\n([^]*?)^```$/m.exec(document) ?? [];
    const { config } = parse(example.replaceAll("restored-2026-11-27", restored)) as {
        config: Readonly<Record<string, { commands: object }>>;
    };
    return config["holdfast:fleet"]!.commands;
}
const docker = { hosts: { "vm-docker1": { address: "192.0.2.70", roles: ["docker"], ssh: { hostKey } } } };

/** As it goes over the wire. */
const secret = (value: unknown): object =>
    expect.objectContaining({ "4dabf18193072939515e22adb298388d": expect.anything(), value }) as object;

describe("what a user may write", () => {
    test("a local command runs after a FileSet, and again when what is declared of it changes", () => {
        expect(commandsOf({ notify: { local: ["./notify.sh", "two words"], after: ["pve01-fstab"] } })).toEqual([
            {
                name: "notify",
                argv: ["./notify.sh", "two words"],
                host: undefined,
                after: ["pve01-fstab"],
                triggers: ["pve01-fstab"],
                environment: {},
                stdin: undefined,
                timeout: 600,
            },
        ]);
    });
    test("other triggers, none, and a version that the user raises", () => {
        const [none, other] = commandsOf({
            a: { local: ["true"], after: ["pve01-fstab"], triggers: [], version: 2 },
            b: { local: ["true"], triggers: ["pve01-hosts"] },
        });
        expect([none!.triggers, none!.version, other!.triggers, other!.after]).toEqual([[], "2", ["pve01-hosts"], []]);
    });
    test("a remote command goes to the node as everything else does", () => {
        const [command] = commandsOf({ redeploy: { remote: "pve01", run: ["/opt/redeploy"] } });
        expect(command!.host).toMatchObject({
            name: "pve01",
            address: "192.0.2.11",
            port: 2222,
            user: "root",
            hostKey,
        });
    });
    test("a machine under maintenance is not contacted, so its commands are left out", () => {
        const maintained = threeNodes().nodes.pve03;
        expect(
            commandsOf(
                { redeploy: { remote: "pve03", run: ["true"] } },
                { nodes: { ...threeNodes().nodes, pve03: { ...maintained, maintenance: true, ssh: { hostKey } } } },
            ),
        ).toEqual([]);
    });

    const at = "holdfast:fleet.commands.x";
    test.each<[string, object, string]>([
        [
            "neither place",
            { after: [] },
            `${at}: expected local: [PROGRAM, …], or remote: MACHINE with run: [PROGRAM, …]`,
        ],
        [
            "both places",
            { local: ["true"], remote: "pve01", run: ["true"] },
            `${at}: expected either local, or remote with run, not both`,
        ],
        ["nothing to run", { remote: "pve01" }, `${at}.run: is missing: what is to be run on pve01?`],
        [
            "a machine that is misspelt",
            { remote: "pve1", run: ["true"] },
            `${at}.remote: no node or host has the name pve1; did you mean pve01?`,
        ],
        [
            "a concern that the machine has not",
            { local: ["true"], after: ["pve02-fstab"] },
            `${at}.after[0]: the stack has no pve02-fstab; did you mean pve01-fstab?`,
        ],
        ["a list that is empty", { local: [] }, `${at}.local: expected at least the program, got an empty list`],
        [
            "a second line",
            { local: ["echo", "a\nrm -r /"] },
            `${at}.local[1]: expected text on one line, got "a\\nrm -r /"`,
        ],
        [
            "a secret among the arguments",
            { local: ["curl", "--token=abc"] },
            `${at}.local[1]: expected nothing secret: the process list and the state show it; give a secret in environment or stdin, as { secret: KEY } of holdfast:KEY; what stands there is not shown, as it may be a secret`,
        ],
        [
            "a secret variable on another machine",
            { remote: "pve01", run: ["true"], environment: { T: { secret: "notifyToken" } } },
            `${at}.environment.T: a secret gets to another machine by stdin alone: sshd takes no variables from outside, and in the command everybody there could read it`,
        ],
        [
            "a variable's name",
            { local: ["true"], environment: { "A B": "x" } },
            `${at}.environment["A B"]: expected a variable's name`,
        ],
    ])("refused: %s", (_, command, fault) => {
        expect(faultsOf({ x: command })).toEqual([fault]);
    });

    test("refused: a machine without a pinned host key, since the package would take any", () => {
        const { hostKey: _, ...ssh } = threeNodes().nodes.pve01.ssh as { hostKey?: string };
        const nodes = { ...threeNodes().nodes, pve01: { ...threeNodes().nodes.pve01, ssh } };
        expect(faultsOf({ x: { remote: "pve01", run: ["true"] } }, { nodes })).toEqual([
            "holdfast:fleet.nodes.pve01.ssh.hostKey: is missing: commands.x runs there through @pulumi/command, which accepts any host where no key is pinned. Look at the key on the machine (cat /etc/ssh/ssh_host_ed25519_key.pub) and pin it",
        ]);
    });
    test("refused: a jump host without one", () => {
        const ssh = { hostKey, proxy: { host: "198.51.100.5" } };
        const nodes = { ...threeNodes().nodes, pve01: { ...threeNodes().nodes.pve01, ssh } };
        expect(faultsOf({ x: { remote: "pve01", run: ["true"] } }, { nodes })).toEqual([
            expect.stringMatching(/^holdfast:fleet\.nodes\.pve01\.ssh\.proxy\.hostKey: is missing: commands\.x /),
        ]);
    });
    test("a key that the stack has not is an error with the place that wants it", () => {
        const { fleet } = parseFleet(
            withCommands({ x: { local: ["true"], stdin: { secret: "notifyToken" } } }),
            readFixture,
        );
        pulumi.runtime.setAllConfig({});
        expect(() => loadSecrets(fleet!, new pulumi.Config("holdfast"))).toThrow(
            "holdfast:fleet.commands.x.stdin: holdfast:notifyToken is missing: pulumi config set --secret holdfast:notifyToken",
        );
    });
});

describe("the command", () => {
    const base = { name: "x", after: [], triggers: [], environment: {}, timeout: 600 };
    const host = { name: "pve01", address: "192.0.2.11" };
    test("nothing in an argument means anything to the shell", () => {
        expect(commandLine({ ...base, argv: ["echo", "it's", "$(id)", "a;b", "", "plain-1.2/x"] })).toBe(
            `echo 'it'\\''s' '$(id)' 'a;b' '' plain-1.2/x`,
        );
    });
    test("on another machine variables stand in it, and users other than root go through sudo", () => {
        const command = { ...base, argv: ["run"], environment: { A: "1 2" } };
        expect(commandLine({ ...command, host })).toBe("env 'A=1 2' run");
        expect(commandLine({ ...command, host: { ...host, user: "ops" } })).toBe("sudo -n -- env 'A=1 2' run");
        expect(commandLine({ ...command, host: { ...host, user: "ops", sudo: false } })).toBe("env 'A=1 2' run");
    });
});

describe("the package's resources", () => {
    let recorder: Recorder;
    const named_ = (name: string) => recorder.registered.find((each) => each.name === name)!;
    beforeAll(async () => {
        pulumi.runtime.setAllConfig({ "holdfast:notifyToken": "s3cret", "holdfast:privateKey": "KEY" });
        const commands = {
            notify: {
                local: ["./notify.sh"],
                after: ["pve01-fstab"],
                version: "v1",
                environment: { TOKEN: { secret: "notifyToken" }, LANG: "C" },
            },
            redeploy: { remote: "pve01", run: ["/opt/redeploy"], stdin: { secret: "notifyToken" }, timeout: 30 },
        };
        const { fleet } = parseFleet(withCommands({ ...commands, ...afterRestore() }, docker), readFixture);
        recorder = recordRegistrations();
        const made = runCommands(fleet!.commands, {
            fileSets: named(hardenFleet(fleet!)),
            secrets: loadSecrets(fleet!, new pulumi.Config("holdfast")),
        });
        await Promise.all(Object.values(made).map(({ urn }) => valueOf(urn)));
    });

    test("a local one, with its secret in the environment alone, and quiet", () => {
        const { type, inputs } = named_("command-notify");
        expect(type).toBe("command:local:Command");
        expect(inputs).toEqual({
            create: "./notify.sh",
            environment: secret({ TOKEN: "s3cret", LANG: "C" }),
            triggers: [expect.stringMatching(/^[0-9a-f]{64}$/), "v1"],
            logging: "none",
        });
    });
    test("a local one begins when what it is to come after is done", () => {
        const { events } = recorder;
        expect(events.indexOf("end pve01-fstab")).toBeGreaterThan(-1);
        expect(events.indexOf("start command-notify")).toBeGreaterThan(events.indexOf("end pve01-fstab"));
        expect(events.indexOf("start command-redeploy")).toBeLessThan(events.indexOf("end pve01-fstab"));
    });
    test("a remote one knows the node's address, port, user and pinned key, and what to log in with", () => {
        const { type, inputs } = named_("command-redeploy");
        expect(type).toBe("command:remote:Command");
        const { connection, ...others } = inputs;
        // The package makes it a secret as a whole.
        expect(connection).toMatchObject({
            value: { host: "192.0.2.11", port: 2222, user: "root", hostKey, privateKey: "KEY" },
        });
        expect(others).toEqual({ create: "/opt/redeploy", stdin: secret("s3cret"), triggers: [], logging: "none" });
    });
    test("a deployment after a restore: its text, its trigger and its version; names and mounts come first", () => {
        const { inputs } = named_("command-redeploy-wiki");
        expect(inputs).toMatchObject({
            create: "/opt/wiki/deploy",
            triggers: [expect.stringMatching(/^[0-9a-f]{64}$/), "restored-2026-11-27"],
        });
        expect(named_("command-announce").inputs["triggers"]).toEqual(["restored-2026-11-27"]);
        const { events } = recorder;
        for (const concern of ["hosts", "fstab"]) {
            expect(events.indexOf(`end pve01-${concern}`)).toBeGreaterThan(-1);
            expect(events.indexOf("start command-redeploy-wiki")).toBeGreaterThan(
                events.indexOf(`end pve01-${concern}`),
            );
        }
    });
    test("another version makes each of them run again, and changes nothing else of it", () => {
        const [before, after] = ["restored-2026-11-27", "restored-2026-12-24"].map((day) =>
            commandsOf(afterRestore(day), docker),
        );
        expect(after).toEqual(before!.map((command) => ({ ...command, version: "restored-2026-12-24" })));
    });
});
