/**
 * The plain Pulumi commands against real nodes. The tests of one group follow one another, as an operator's day does.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { strayLine, type Lab, type LabNode } from "../../lab";
import counts from "../counts.json";
import { CuttingProxy } from "../helpers/cuttingProxy";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess, fleetOf, type FleetConfig } from "../helpers/labFleet";
import { PulumiProject, type Finished } from "../helpers/pulumiProject";
import { snapshotsOf } from "../helpers/snapshots";

jest.setTimeout(300_000);

const preview = ["preview", "--diff"];
const up = ["up", "--yes", "--skip-preview"];
const drift = ["refresh", "--preview-only", "--expect-no-changes", "--diff"];
const repair = [...up, "--refresh"];
/** How often the whole state is written, with two nodes. */
const written = counts["snapshots of two nodes with three FileSets"];
/** What pulumi exits with where --expect-no-changes found some. */
const DRIFT = 7;

let lab: Lab;
let first: LabNode;
let second: LabNode;
let project: PulumiProject;

beforeAll(async () => {
    lab = await openTestLab();
    [first, second] = lab.nodes as [LabNode, LabNode];
});

describe("the fleet", () => {
    let fleet: FleetConfig;
    beforeAll(async () => {
        project = await PulumiProject.create(lab);
        await project.pulumi("stack", "init", "test");
        fleet = await fleetOf(lab, project, [first.name, second.name]);
        await project.configure("test", { fleet, connectTimeout: 5 });
        await Promise.all([first, second].map((node) => toIncidentState(lab, node)));
    });
    afterAll(async () => {
        await project.remove();
        await Promise.all([first, second].map((node) => node.start()));
    });
    const off =
        (work: () => Promise<void>, ...nodes: LabNode[]) =>
        async (): Promise<void> => {
            await Promise.all(nodes.map((node) => node.stop()));
            await work().finally(() => Promise.all(nodes.map((node) => node.start())));
        };

    test("is previewed from nothing while its nodes are off", async () =>
        off(
            async () => {
                const output = expectSuccess(await project.runPulumi(preview));
                expect(output).toContain("/etc/hosts");
                expect(output).toContain("127.0.0.1 localhost");
                expect(output).toMatch(/\+ \d+ to create/);
            },
            first,
            second,
        )());

    test("goes from the incidents' state to sound files with one up", async () => {
        const { snapshots, result } = await snapshotsOf(project.folder, "test", () => project.runPulumi(up));
        const output = expectSuccess(result);
        expect(snapshots).toBeLessThanOrEqual(written["a first push"]);
        expect(output).toContain(`${first.name}: /etc/network/interfaces is pending activation`);
        for (const node of [first, second]) {
            expect(await readNodeFile(node, "/etc/hosts")).not.toMatch(/^127\.0\.1\.1/m);
            expect(await readNodeFile(node, "/etc/network/interfaces")).not.toContain(strayLine);
            expect(await readNodeFile(node, "/etc/fstab")).toContain("nofail,x-systemd.device-timeout=30s");
        }
    });

    test("is clean right after", async () => {
        expectSuccess(await project.runPulumi(drift));
    });

    test("needs no node where nothing changed", async () =>
        off(
            async () => {
                const { snapshots, result } = await snapshotsOf(project.folder, "test", () => project.runPulumi(up));
                expect(snapshots).toBeLessThanOrEqual(written["no change from state"]);
                expect(expectSuccess(result)).toMatch(/Resources:\n\s+\d+ unchanged\n/);
            },
            first,
            second,
        )());

    test("shows every kind of drift as what it is, and up --refresh repairs it", async () => {
        await first.exec(["sh", "-c", `echo '${strayLine}' >> /etc/network/interfaces; chmod 0666 /etc/hosts`]);
        await first.exec(["tee", "/etc/network/interfaces.d/oops"], { input: `${strayLine}\n` });
        await second.exec(["sh", "-c", "rm /etc/fstab; sed -i 's/^hosts:.*/hosts: dns/' /etc/nsswitch.conf"]);
        const { exitCode, output } = await project.runPulumi(drift);
        expect(exitCode).toBe(DRIFT);
        expect(output).toMatch(new RegExp(`^\\s*[-+] ${strayLine.slice(0, 30)}`, "m"));
        expect(output).toMatch(
            /value *: "sound" => "\/etc\/network\/interfaces\.d\/oops:1: This is output of `ip link`/,
        );
        await first.exec(["rm", "/etc/network/interfaces.d/oops"]);
        expect(output).toMatch(/mode *: "0666" => "0644"|mode *: "0644" => "0666"/);
        expect(output).toMatch(/"?\/etc\/fstab"?/);
        expect(output).toMatch(/absent/);
        expect(output).toMatch(
            new RegExp(`resolves ${second.name}[^]*value *: "${second.address}" => "(?!${second.address})`),
        );
        await second.exec(["sed", "-i", "s/^hosts:.*/hosts: files dns/", "/etc/nsswitch.conf"]);
        expectSuccess(await project.runPulumi(repair));
        expect((await first.exec(["stat", "-c", "%a", "/etc/hosts"])).stdout).toBe("644");
        expect(await readNodeFile(second, "/etc/fstab")).toContain(second.dataUuid);
        expectSuccess(await project.runPulumi(drift));
    });

    test("says in words what no up can change, and what to do about it", async () => {
        await first.exec(["cp", "/etc/network/interfaces", "/etc/network/interfaces.new"]);
        const { output } = await project.runPulumi(repair);
        expect(output).toMatch(
            new RegExp(`${first.name}/interfaces: /etc/network/interfaces\\.new waits there: .*Revert`),
        );
        await first.exec(["rm", "/etc/network/interfaces.new"]);
        expectSuccess(await project.runPulumi(repair));
        expectSuccess(await project.runPulumi(drift));
    });

    test("has a node that is down: an error that names it, and the drift run fails", async () =>
        off(async () => {
            const { exitCode, output } = await project.runPulumi(drift);
            expect(exitCode).not.toBe(0);
            expect(exitCode).not.toBe(DRIFT);
            expect(output).toMatch(new RegExp(`error: .*${second.name}: root@\\S+ port 2222\\b`));
            expect(output).not.toMatch(/delete/);
        }, second)());

    test("keeps an edit that nobody has seen: up refuses, shows it, and names the way on", async () => {
        await first.exec(["sh", "-c", "echo '192.0.2.99 hotfix' >> /etc/hosts"]);
        fleet.nodes[first.name]!.hostsFile.extra.push({ address: "192.0.2.61", names: ["printer"] });
        await project.configure("test", { fleet, connectTimeout: 5 });
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain("+192.0.2.99 hotfix");
        expect(output).toContain("run `pulumi up --refresh`");
        expect(await readNodeFile(first, "/etc/hosts")).toMatch(/^192\.0\.2\.99 hotfix$/m);
        expectSuccess(await project.runPulumi(repair));
        expect(await readNodeFile(first, "/etc/hosts")).toMatch(/^192\.0\.2\.61\s+printer$/m);
    });

    test("takes a changed port in place", async () => {
        const proxy = await CuttingProxy.start(first.ssh);
        const { ssh } = fleet.nodes[first.name]!;
        const before = { ...ssh };
        Object.assign(ssh, { host: "127.0.0.1", port: proxy.port });
        await project.configure("test", { fleet, connectTimeout: 5 });
        const output = expectSuccess(await project.runPulumi(preview));
        expect(output).toMatch(/~ 3 to update/);
        expect(output).not.toMatch(/replace/);
        expectSuccess(await project.runPulumi(up));
        expectSuccess(await project.runPulumi(drift));
        expect(proxy.connections).toBe(2);
        proxy.stop();
        Object.assign(ssh, before);
        await project.configure("test", { fleet, connectTimeout: 5 });
        expectSuccess(await project.runPulumi(up));
    });

    test("leaves a node under maintenance alone, and says so in every drift run", async () =>
        off(async () => {
            fleet.nodes[second.name]!.maintenance = true;
            await project.configure("test", { fleet, connectTimeout: 5 });
            expectSuccess(await project.runPulumi(up));
            expect(expectSuccess(await project.runPulumi(drift))).toContain(
                `${second.name}: skipped, it is under maintenance`,
            );
            fleet.nodes[second.name]!.hostsFile.extra.push({ address: "192.0.2.62", names: ["scanner"] });
            await project.configure("test", { fleet, connectTimeout: 5 });
            expect(expectSuccess(await project.runPulumi(up))).toContain(
                `${second.name}: skipped, it is under maintenance; pending: files["/etc/hosts"].content`,
            );
        }, second)());

    test("catches up when the maintenance ends", async () => {
        delete fleet.nodes[second.name]!.maintenance;
        await project.configure("test", { fleet, connectTimeout: 5 });
        expectSuccess(await project.runPulumi(up));
        expect(await readNodeFile(second, "/etc/hosts")).toContain("192.0.2.62");
        expectSuccess(await project.runPulumi(drift));
    });

    test("keeps a name in all its hosts files where a node is renamed in the stack alone", async () => {
        const { [second.name]: node, ...others } = fleet.nodes;
        const before = await readNodeFile(first, "/etc/hosts");
        await project.configure("test", { fleet: { ...fleet, nodes: { ...others, pve09: node! } }, connectTimeout: 5 });
        expect(expectSuccess(await project.runPulumi(preview))).toContain(
            `pve09 stands at ${second.address}, which was ${second.fqdn} ${second.name}`,
        );
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain(
            `${first.name}: /etc/hosts was left as it is: it would call ${second.address} pve09, but pve09: the host at`,
        );
        expect(output).toContain(`calls itself ${second.name}. Holdfast never renames a node`);
        expect(await readNodeFile(first, "/etc/hosts")).toBe(before);
        await project.configure("test", { fleet, connectTimeout: 5 });
        expectSuccess(await project.runPulumi(up));
        expectSuccess(await project.runPulumi(drift));
    });
});

describe("a FileSet", () => {
    const folder = "/etc/holdfast-engine";
    let number = 0;
    let path: string;
    const program = `
        import { readFileSync } from "node:fs";
        import * as pulumi from "@pulumi/pulumi";
        import { FileSet } from "./provider/resource";
        const plain = JSON.parse(readFileSync("filesets.json", "utf8"));
        const withSecrets = (value: any): any =>
            Array.isArray(value) ? value.map(withSecrets)
            : value?.secret !== undefined ? pulumi.secret(value.secret)
            : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item)]))
            : value;
        for (const [name, args] of Object.entries(plain)) new FileSet(name, withSecrets(args));
    `;
    let host: object;
    beforeAll(async () => {
        project = await PulumiProject.create(lab, program);
        await project.pulumi("stack", "init", "test");
        host = {
            name: first.name,
            address: first.ssh.host,
            port: first.ssh.port,
            user: "root",
            hostKey: await first.hostKey(),
        };
    });
    beforeEach(async () => {
        // A path of its own for each test: what stood there before Holdfast is noted once and for ever.
        path = `${folder}/file${++number}`;
        await first.exec(["sh", "-c", `rm -rf ${folder} && mkdir ${folder}`]);
    });
    afterAll(async () => {
        await first.exec(["rm", "-rf", folder]);
        await toIncidentState(lab, first);
        await project.remove();
    });
    const declare = (sets: Record<string, object>): Promise<void> =>
        project.write(
            "filesets.json",
            JSON.stringify(
                Object.fromEntries(
                    Object.entries(sets).map(([name, args]) => [
                        name,
                        { host, concern: name, takeOver: true, ...args },
                    ]),
                ),
            ),
        );
    const put = (content: string): Promise<unknown> => first.exec(["tee", path], { input: content });

    test("shows a stopped unit and a missing enablement as such", async () => {
        await declare({ cron: { files: {}, units: { "cron.service": { active: true, enabled: true } } } });
        expectSuccess(await project.runPulumi(up));
        await first.exec(["systemctl", "disable", "--now", "cron.service"]);
        const { exitCode, output } = await project.runPulumi(drift);
        expect(exitCode).toBe(DRIFT);
        expect(output).toMatch(/cron\.service[^]*active *: true => false/);
        expectSuccess(await project.runPulumi(repair));
        expect((await first.exec(["systemctl", "is-active", "cron.service"])).stdout).toBe("active");
        expect((await first.exec(["systemctl", "is-enabled", "cron.service"])).stdout).toBe("enabled");
    });

    test("is imported by NODE/CONCERN, with its hazards named and no talk of a provider bug; the first preview shows only the repairs", async () => {
        await toIncidentState(lab, first);
        const fleet = await fleetOf(lab, project, [first.name]);
        await project.configure("test", { fleet });
        await project.write(
            "import.json",
            JSON.stringify({
                resources: [{ type: "holdfast:host:FileSet", name: "hosts", id: `${first.name}/hosts` }],
            }),
        );
        const command = [
            "import",
            "-f",
            "import.json",
            "--generate-code=false",
            "--yes",
            "--skip-preview",
            "--protect=false",
        ];
        const imported = expectSuccess(await project.runPulumi(command));
        expect(imported).toMatch(/stands on the node: \/etc\/hosts:2:\d+: .*127\.0\.1\.1/);
        expect(imported).not.toMatch(/bug|failed to validate/);
        const live = await readNodeFile(first, "/etc/hosts");
        await declare({
            hosts: {
                files: {
                    "/etc/hosts": { content: `${live.replace("127.0.1.1", first.address)}\n` },
                    "/etc/cloud/cloud.cfg.d/99-holdfast-hosts.cfg": {
                        content: "# by Holdfast\n",
                        when: "/etc/cloud/cloud.cfg",
                    },
                },
            },
        });
        const shown = expectSuccess(await project.runPulumi(preview));
        expect(shown).toMatch(/- 127\.0\.1\.1/);
        expect(shown).toMatch(new RegExp(`\\+ ${first.address.replaceAll(".", "\\.")}`));
        expect(shown).toMatch(/~ 1 to update/);
        expectSuccess(await project.runPulumi(up));
        expect(await readNodeFile(first, "/etc/hosts")).not.toContain("127.0.1.1");
    });

    test("of a program's own is looked at again once its maintenance is over, though no config says so", async () => {
        const files = (text: string) => ({ [path]: { content: text } });
        await declare({ rested: { files: files("one\n") } });
        expectSuccess(await project.runPulumi(up));
        await declare({ rested: { files: files("two\n"), maintenance: true } });
        expectSuccess(await project.runPulumi(up));
        await put("a human's\n");
        await declare({ rested: { files: files("two\n") } });
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain("+a human's");
        expect(await readNodeFile(first, path)).toBe("a human's");
        expectSuccess(await project.runPulumi(repair));
        expect(await readNodeFile(first, path)).toBe("two");
    });

    test("stays on the node when it leaves the stack", async () => {
        await declare({ kept: { files: { [path]: { content: "kept\n" } } } });
        expectSuccess(await project.runPulumi(up));
        await declare({});
        expect(expectSuccess(await project.runPulumi(up))).toContain(
            "its files stay on the node as they are (onDelete: keep)",
        );
        expect(await readNodeFile(first, path)).toBe("kept");
    });

    test("gives back what stood before it with onDelete: restore, also where only that was changed after the push", async () => {
        await put("before\n");
        const files = { [path]: { content: "declared\n" }, [`${folder}/made`]: { content: "new\n" } };
        await declare({ restored: { files } });
        expectSuccess(await project.runPulumi(up));
        await declare({ restored: { files, onDelete: "restore" } });
        expectSuccess(await project.runPulumi(up));
        await declare({});
        expectSuccess(await project.runPulumi(up));
        expect(await readNodeFile(first, path)).toBe("before");
        expect((await first.exec(["ls", folder])).stdout).toBe(`file${number}`);
    });

    test("gives nothing back over a file that has changed since", async () => {
        await declare({ edited: { files: { [path]: { content: "declared\n" } }, onDelete: "restore" } });
        expectSuccess(await project.runPulumi(up));
        await put("a human's\n");
        await declare({});
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain(`${path} has changed since Holdfast wrote it, so it is not restored`);
        expect(await readNodeFile(first, path)).toBe("a human's");
        await put("declared\n");
        expectSuccess(await project.runPulumi(up));
    });

    test("gives nothing back that was no UTF-8 text, and says how to do it by hand", async () => {
        await first.exec(["sh", "-c", `printf 'Gr\\374n\\n' > ${path}`]);
        await declare({ latin: { files: { [path]: { content: "declared\n" } }, onDelete: "restore" } });
        expectSuccess(await project.runPulumi(up));
        await declare({});
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        const command =
            new RegExp(`install -m \\d{4} -o root -g root /var/lib/holdfast/backups/[0-9a-f]{64} ${path}`).exec(
                output,
            )?.[0] ?? "";
        expect(await readNodeFile(first, path)).toBe("declared");
        await first.exec(["sh", "-c", command]);
        expect((await first.exec(["od", "-c", path])).stdout).toContain("G   r 374   n");
        await put("declared\n");
        await declare({ latin: { files: { [path]: { content: "declared\n" } } } });
        expectSuccess(await project.runPulumi(repair));
    });

    test("says that a file which it no longer names stays, and how to have it removed", async () => {
        await declare({
            shrinking: { files: { [path]: { content: "declared\n" }, [`${folder}/dropped`]: { content: "stays\n" } } },
        });
        expectSuccess(await project.runPulumi(up));
        await declare({ shrinking: { files: { [path]: { content: "declared\n" } } } });
        expect(expectSuccess(await project.runPulumi(up))).toContain(
            `${folder}/dropped is no longer managed and stays on the node as it is; to remove it, declare it with absent: true first`,
        );
        expect(await readNodeFile(first, `${folder}/dropped`)).toBe("stays");
    });

    test("says that a unit which it no longer names goes on, and how to have it stopped", async () => {
        const files = { [path]: { content: "declared\n" } };
        await declare({ shrinking: { files, units: { "ssh.service": { enabled: true, active: true } } } });
        expectSuccess(await project.runPulumi(up));
        await declare({ shrinking: { files } });
        expect(expectSuccess(await project.runPulumi(up))).toContain(
            "ssh.service is no longer managed and goes on as it is; to have it stopped, declare it with enabled: false and active: false first",
        );
        expect((await first.exec(["systemctl", "is-active", "ssh.service"])).stdout).toBe("active");
    });

    test("never brings 127.0.1.1 back", async () => {
        await toIncidentState(lab, first);
        const node = { name: first.name, domain: "example.test", address: first.address };
        await declare({
            hosts: {
                node,
                onDelete: "restore",
                files: {
                    "/etc/hosts": { content: `127.0.0.1 localhost\n${first.address} ${first.fqdn} ${first.name}\n` },
                },
            },
        });
        expectSuccess(await project.runPulumi(up));
        await declare({});
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toMatch(/refused before anything was staged:[^]*127\.0\.1\.1/);
        expect(await readNodeFile(first, "/etc/hosts")).not.toContain("127.0.1.1");
        await declare({
            hosts: {
                node,
                files: {
                    "/etc/hosts": { content: `127.0.0.1 localhost\n${first.address} ${first.fqdn} ${first.name}\n` },
                },
            },
        });
        expectSuccess(await project.runPulumi(up));
    });

    test("that was undone stays out of state, and a corrected one goes in", async () => {
        const files = { [path]: { content: "declared\n" } };
        await declare({ undone: { files, activate: [{ argv: ["test", "!", "-e", path] }] } });
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain(
            `${first.name}: activate failed: test ! -e ${path}: exit status 1. The node is as it was.`,
        );
        expect((await first.exec(["ls", folder])).stdout).toBe("");
        expect(await project.pulumi("stack", "export")).not.toContain('"undone"');
        await declare({ undone: { files } });
        expectSuccess(await project.runPulumi(up));
    });

    test("that was applied in part is kept in state with its reason, and the next up goes on", async () => {
        const files = { [path]: { content: "declared\n" } };
        await declare({ half: { files, activate: [{ argv: ["sh", "-c", `echo edited >> ${path}; exit 1`] }] } });
        const { exitCode, output } = await project.runPulumi(up);
        expect(exitCode).not.toBe(0);
        expect(output).toContain("NOT complete");
        expect(await project.pulumi("stack", "export")).toMatch(/"initErrors": \[\s+"pve01: activate failed/);
        await declare({ half: { files } });
        expectSuccess(await project.runPulumi(up));
        expect(await readNodeFile(first, path)).toBe("declared");
        expectSuccess(await project.runPulumi(drift));
    });

    test("whose client is killed is finished by the node, and three commands heal the stack", async () => {
        await declare({
            killed: { files: { [path]: { content: "declared\n" } }, activate: [{ argv: ["sleep", "4"] }] },
        });
        const running = project.startPulumi(up);
        for (let tries = 0; (await first.exec(["test", "-e", path], { reject: false })).exitCode !== 0; tries++) {
            if (tries > 300) throw new Error("the file never came");
            await delay(100);
        }
        running.kill("SIGKILL");
        await running;
        expectSuccess(await project.runPulumi(["cancel", "--yes"]));
        expectSuccess(await project.runPulumi(["refresh", "--clear-pending-creates", "--yes"]));
        expectSuccess(await project.runPulumi(up));
        expect(await readNodeFile(first, path)).toBe("declared");
        expect((await first.exec(["ls", "-A", "/etc/holdfast/journal"])).stdout).toBe("");
        expectSuccess(await project.runPulumi(drift));
    });

    test("that is secret shows in no output, no state and no log, when it changes and when it drifts", async () => {
        const outputs: string[] = [];
        const said = async (args: readonly string[]): Promise<Finished> => {
            const run = await project.runPulumi(args);
            outputs.push(run.output);
            return run;
        };
        const [one, two, edit] = ["correct-horse-battery", "staple-and-glue", "typed-by-a-human"];
        const secretFile = (value: string): Record<string, object> => ({
            hidden: {
                files: { [path]: { content: { secret: `password=${value}\n` }, mode: "0600" } },
                validate: [{ argv: ["grep", "-c", "password", `{staged:${path}}`] }],
            },
        });
        await declare(secretFile(one));
        expectSuccess(await said(preview));
        expectSuccess(await said(up));
        await declare(secretFile(two));
        expectSuccess(await said(preview));
        expectSuccess(await said(up));
        await put(`password=${edit}\n`);
        expect((await said(drift)).exitCode).toBe(DRIFT);
        await declare(secretFile(one));
        expect((await said(up)).exitCode).not.toBe(0);
        expect(outputs.at(-1)).toContain(`${path}: was edited; its content is secret`);
        await declare({
            hidden: {
                files: { [path]: { content: { secret: `password=${two}\n` }, mode: "0600" } },
                verify: [{ argv: ["sh", "-c", `cat ${path}; exit 1`] }],
            },
        });
        expect((await said(repair)).exitCode).not.toBe(0);
        expect(outputs.at(-1)).toContain("verify failed");
        const log = (await first.exec(["journalctl", "--boot", "--no-pager", "--output=cat", "--identifier=holdfast"]))
            .stdout;
        expect(log).toContain("verify: failed; a file here is secret");
        outputs.push(await project.pulumi("stack", "export"), log);
        for (const value of [one, two, edit]) expect(outputs.join("\n")).not.toContain(value);
    });

    test("with hostile values in every field reaches no shell", async () => {
        const hostile = "$(touch /tmp/pwned)`touch /tmp/pwned`'\"; touch /tmp/pwned #é\n\\";
        const inName = hostile.replaceAll("/", "|").replaceAll("\n", " ");
        await Promise.all([rm("/tmp/pwned", { force: true }), first.exec(["rm", "-f", "/tmp/pwned"])]);
        const hostilePath = `${folder}/${inName}`;
        await declare({
            hostile: {
                files: {
                    [hostilePath]: { content: `${hostile}\n`, when: folder },
                    [`${folder}/other`]: { content: "x\n", when: `${folder}/${inName}/none` },
                },
                facts: { [hostile]: { probe: "resolver", args: [hostile] } },
                validate: [{ argv: ["test", "-n", hostile] }, { argv: ["test", "-f", `{staged:${hostilePath}}`] }],
                activate: [{ argv: ["test", "-n", hostile] }],
                verify: [{ argv: ["test", "-n", hostile] }],
            },
        });
        expectSuccess(await project.runPulumi(preview));
        expectSuccess(await project.runPulumi(up));
        expectSuccess(await project.runPulumi(drift));
        expect((await first.exec(["cat", hostilePath], { strip: false })).stdout).toBe(`${hostile}\n`);
        expect((await first.exec(["test", "-e", "/tmp/pwned"], { reject: false })).exitCode).toBe(1);
        expect(existsSync("/tmp/pwned")).toBe(false);
    });
});
