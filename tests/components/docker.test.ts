/** The plan, what settings are refused, and what the program on the host decides, in a world of its own. */
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planDockerHost } from "../../components/docker";
import { formatFault, parseFleet } from "../../components/fleet";
import { mountUnitName } from "../../model/fstab/lateMounts";
import { letWrite } from "../helpers/accessList";
import { runPython } from "../helpers/programs";
import { python } from "../host/node/python";

jest.setTimeout(60_000);

const program = "/usr/local/lib/holdfast/redeploy";
const conf = "/etc/holdfast/docker.json";
const wiki = { name: "wiki", compose: "/opt/wiki" };
const dns = { name: "dns", command: ["/opt/dns/deploy", "all of it"], containers: ["dns"] };

const parsed = (docker: unknown, more: object = {}) =>
    parseFleet(
        {
            nodes: { pve01: { address: "192.0.2.11", ssh: { rescueKeys: [] } } },
            hosts: { "vm-docker1": { address: "192.0.2.70", roles: ["docker"], docker, ...more } },
        },
        () => "",
    );

function planOf(docker: unknown) {
    const { fleet, faults } = parsed(docker);
    expect(faults).toEqual([]);
    const { identity, host, docker: settings } = fleet!.hosts[0]!;
    return planDockerHost({ host, node: identity, settings: settings! });
}
const declaredIn = (docker: unknown) => JSON.parse(planOf(docker).files[conf]!.content!) as object;
const faultsOf = (docker: unknown, more?: object) => parsed(docker, more).faults.map(formatFault);

describe("the plan", () => {
    test("hands the program what is declared, with the defaults, in its order", () => {
        expect(declaredIn({ deployments: [dns, wiki], mounts: ["/opt"] })).toEqual({
            by: expect.stringMatching(/^Managed by Holdfast/),
            when: "none",
            patience: 900,
            mounts: ["/opt"],
            deployments: [
                { ...dns, timeout: 600 },
                { ...wiki, timeout: 600 },
            ],
        });
        expect(declaredIn(true)).toMatchObject({ mounts: [], deployments: [] });
    });
    test("takes Docker and Compose as they are there, else Debian's", () => {
        expect(planOf({ deployments: [wiki] }).packages).toEqual([
            "docker.io | docker-ce | moby-engine",
            "docker-compose | docker-compose-plugin | docker-compose-v2",
        ]);
        expect(planOf({ deployments: [dns] }).packages).toHaveLength(1);
    });
    test("has Docker and the boot's run wait for the mounts: the one never starts without, the other says so", () => {
        const { files } = planOf({ mounts: ["/opt", "/srv/data-1"] });
        expect(files["/etc/systemd/system/docker.service.d/holdfast.conf"]?.content).toMatch(
            /\n\[Unit\]\nRequiresMountsFor=\/opt \/srv\/data-1\n$/,
        );
        const boot = files["/etc/systemd/system/holdfast-redeploy.service"]!.content!;
        expect(boot).toContain(
            "\nAfter=docker.service network-online.target remote-fs.target opt.mount srv-data\\x2d1.mount\n",
        );
        expect(boot).not.toMatch(/^Requires/m);
        expect(planOf(true).files["/etc/systemd/system/docker.service.d/holdfast.conf"]).toEqual({ absent: true });
    });
    test("deploys nothing by itself: the boot's unit is switched on, not started", () => {
        expect(planOf({ deployments: [wiki] }).units).toEqual({
            "docker.service": { enabled: true, active: true },
            "holdfast-redeploy.service": { enabled: true },
            "holdfast-docker.timer": { enabled: true, active: true },
        });
    });
    test("expects of every deployment that it runs, where anybody can know", () => {
        const { facts } = planOf({ deployments: [wiki, dns, { name: "old", command: ["/opt/old/deploy"] }] });
        expect(facts?.["deployment wiki"]).toEqual({ probe: "docker-deployment", args: ["wiki"], value: "running" });
        expect(facts?.["deployment dns"]?.value).toBe("running");
        expect(facts?.["deployment old"]).toEqual({ probe: "docker-deployment", args: ["old"] });
    });
    test("a daemon.json that is not declared is nobody's business", () => {
        const { files, validate, activate } = planOf({ deployments: [wiki] });
        expect(Object.keys(files)).not.toContain("/etc/docker/daemon.json");
        expect([...validate!, ...activate!].flatMap(({ argv }) => argv)).not.toContain("docker-daemon");
    });
    test("a declared one is asked of dockerd, and read again without a restart", () => {
        const { files, validate, activate } = planOf({ daemon: { logSize: "50m" } });
        expect(JSON.parse(files["/etc/docker/daemon.json"]!.content!)).toEqual({
            "live-restore": true,
            "log-driver": "json-file",
            "log-opts": { "max-size": "50m", "max-file": "3" },
        });
        expect(validate).toContainEqual({ argv: ["holdfast", "docker-daemon", "{staged:/etc/docker/daemon.json}"] });
        expect(activate?.at(-1)).toEqual({ argv: ["systemctl", "try-reload-or-restart", "docker.service"] });
    });
    test("its host sends mail, and no other host does for that", () => {
        const { fleet } = parsed({ deployments: [wiki] });
        expect(fleet!.hosts[0]!.mail).toMatchObject({ to: ["root"] });
        const without = parseFleet(
            {
                mail: { to: "ops" },
                nodes: { pve01: { address: "192.0.2.11" } },
                hosts: { vm1: { address: "192.0.2.70", roles: ["docker"] } },
            },
            () => "",
        );
        expect([without.fleet!.hosts[0]!.mail, without.fleet!.hosts[0]!.docker]).toEqual([undefined, undefined]);
        expect(without.fleet!.nodes[0]!.mail).toMatchObject({ to: ["ops"] });
    });
});

test.each(["/opt", "/", "/srv/data-1", "/.hidden/a", "/a@b/c=d+e~f"])(
    "the unit of %s has systemd's own name",
    async (path) => {
        const { stdout } = await execa("systemd-escape", ["--path", "--suffix=mount", path]);
        expect(mountUnitName(path)).toBe(stdout);
    },
);

describe("settings", () => {
    test.each<[object, string]>([
        [{ deployments: [{ name: "x" }] }, "deployments[0]: expected either compose, a project's folder, or command"],
        [{ deployments: [{ ...wiki, ...dns }] }, "deployments[0]: expected either compose"],
        [{ deployments: [{ ...wiki, containers: ["web"] }] }, "deployments[0].containers: belongs to a command"],
        [{ deployments: [wiki, wiki] }, "deployments[1].name: wiki is listed twice"],
        [
            { when: "missing", deployments: [{ name: "x", command: ["/x"] }] },
            "deployments[0]: when: missing has to know",
        ],
        [{ deployments: [{ name: "x\ny", command: ["/x"] }] }, "deployments[0].name: expected a name"],
        [{ deployments: [{ name: "x", command: [] }] }, "deployments[0].command: expected at least the program"],
        [{ deployments: [{ name: "x", command: ["a\nb"] }] }, "deployments[0].command[0]: expected text on one line"],
        [{ deployments: [{ name: "x", compose: "opt" }] }, "deployments[0].compose: expected an absolute path"],
        [
            { deployments: [{ ...dns, containers: ["-a"] }] },
            "deployments[0].containers[0]: expected a container's name",
        ],
        [{ deployments: [{ ...wiki, timeout: 5 }] }, "deployments[0].timeout: expected seconds"],
        [{ mounts: ["/opt/../etc"] }, "mounts[0]: expected an absolute path"],
        [{ when: "always" }, "when: expected none or missing"],
        [{ daemon: { logSize: '1m", "x": "' } }, "daemon.logSize: expected a size such as 10m"],
        [{ deployment: [] }, "deployment: unknown key; did you mean deployments?"],
    ])("%j is refused", (docker, fault) => {
        expect(faultsOf(docker)[0]).toContain(`holdfast:fleet.hosts.vm-docker1.docker.${fault}`);
    });
    test("on a host without the role, or on a node, they would change nothing, and are refused", () => {
        expect(faultsOf({ deployments: [wiki] }, { roles: ["monitoring"] })).toEqual([
            "holdfast:fleet.hosts.vm-docker1.docker: stands on hosts with roles: [docker]: add that",
        ]);
        const { faults } = parseFleet({ nodes: { pve01: { address: "192.0.2.11", docker: true } } }, () => "");
        expect(faults.map(formatFault)[0]).toContain("nodes.pve01.docker: unknown key");
    });
});

/** A host without Docker: what the program calls, waits, mails and keeps is written down. */
const world = `
calls, mails, kept, waits, metrics, asked = [], [], dict(given.get("kept", {})), [], {}, []
now = [1000.0]
times = dict(given.get("times", {}))

def made(name, service="", folder="", state="running", is_done=False, restarts=0, started=0, health=""):
    return Container(name, state, health, restarts, started, folder, service, is_done)

there = [made(**each) for each in given.get("containers", [])]

def fails(what):
    left = times.get(what, 0)
    times[what] = left - 1
    return left > 0

class shutil:
    which = staticmethod(lambda name: None)

class time:
    time = staticmethod(lambda: now[0])
    monotonic = staticmethod(lambda: now[0])
    def sleep(seconds):
        now[0] += seconds
        if seconds >= 1: waits.append(seconds)

def read_containers():
    if fails("silent"): raise Silent("/run/docker.sock: No such file or directory")
    return list(there)

def start(name, service="", folder=""):
    there[:] = [each for each in there if each.name != name] + [made(name, service, folder, given.get("becomes", "running"))]

def run(argv, timeout, stdin=None, with_errors=False, environment=None):
    if argv == ["docker", "compose", "version"]: return Outcome(0 if given.get("compose", True) else 1, "")
    if argv[0] == "env":
        folder = argv[1].partition("=")[2]
        if "config" in argv:
            asked.append(folder)
            return Outcome(0, "\\n".join(given["projects"][folder])) if folder in given["projects"] else Outcome(14, "no configuration file provided: not found\\n")
        calls.append(f"{folder}: {' '.join(argv[2:])}")
        if fails(folder): return Outcome(18, "pulling web: registry.example.test: no such host\\n")
        for service in argv[argv.index("--quiet-pull") + 1:]: start(f"{folder[5:]}-{service}-1", service, folder)
        return Outcome(0, "")
    calls.append(" ".join(argv))
    if argv[0] == "systemctl": return Outcome(0, "")
    if fails(argv[0]): return Outcome(124, "")
    for name in given.get("makes", {}).get(argv[0], []): start(name)
    return Outcome(0, "")

def send_mail(subject, body, timeout):
    if fails("mail"): return False
    mails.append(subject + "\\n" + body)
    return True

def try_to_store(path, text):
    kept[path] = text
    return True

def store_metrics(file, text): metrics[file] = text
write_metrics = store_metrics
read_text = lambda path: kept.get(path, "")
forget = lambda path: kept.pop(path, None)
is_mounted = lambda path: not fails(path)
hold = lambda path: (True, None)
say = log = lambda message: None
disk_in_words = lambda: given.get("disk", "has room")
read_declared_text = json.dumps(given["declared"])
declared = (lambda old: (kept.__setitem__("conf", read_declared_text), old("conf"), kept.pop("conf"))[1])(read_declared)
import io, contextlib
printed = io.StringIO()
with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
    code = look(declared) if given.get("look") else after_boot(declared) if given.get("hand") is None else by_hand(declared, given["hand"])
answer = {"code": code, "calls": calls, "mails": mails, "waits": waits, "left": kept.get(LEFT), "last": kept.get(LAST), "owed": kept.get(OWED), "printed": printed.getvalue(), "runs": sorted(each.name for each in there if each.state == "running"), "metrics": metrics.get(METRICS_FILE, ""), "asked": asked}
`;

interface Scenario {
    /** Over the defaults of both deployments, dns first. */
    readonly settings?: object;
    readonly containers?: readonly object[];
    /** Of what fails so often, then goes well: a folder, a command, a mount, `silent`, `mail`. */
    readonly times?: Readonly<Record<string, number>>;
    readonly kept?: Readonly<Record<string, string>>;
    readonly becomes?: string;
    readonly disk?: string;
    readonly compose?: boolean;
    /** Services by the projects' folders, and containers by the commands that make them. */
    readonly projects?: Readonly<Record<string, readonly string[]>>;
    readonly makes?: Readonly<Record<string, readonly string[]>>;
    /** `holdfast redeploy`, with these names. */
    readonly hand?: readonly string[];
    /** Only what the timer starts. */
    readonly look?: boolean;
}
interface Happened {
    readonly code: number;
    readonly calls: readonly string[];
    readonly mails: readonly string[];
    readonly waits: readonly number[];
    readonly left?: string | null;
    readonly last?: string | null;
    readonly owed?: string | null;
    readonly printed: string;
    readonly runs: readonly string[];
    readonly metrics: string;
    /** Folders in which Compose was run to ask what stands there. */
    readonly asked: readonly string[];
}

const happens = async ({ settings, ...scenario }: Scenario = {}): Promise<Happened> =>
    (await runPython(program, world, {
        declared: declaredIn({ deployments: [dns, wiki], ...settings }),
        projects: { "/opt/wiki": ["web", "db"] },
        makes: { "/opt/dns/deploy": ["dns"] },
        ...scenario,
    })) as Happened;

const upAll = "/opt/wiki: docker compose up --detach --no-recreate --quiet-pull web db";
const web = { name: "wiki-web-1", service: "web", folder: "/opt/wiki" };
const db = { name: "wiki-db-1", service: "db", folder: "/opt/wiki" };
const LEFT = "/var/lib/holdfast/redeploy.left";
const LAST = "/var/lib/holdfast/redeploy.last";

describe("after a boot", () => {
    test("the incident: with no container at all every deployment is run, in its order, and one mail tells of it", async () => {
        const { code, calls, mails, runs, left } = await happens();
        expect(calls).toEqual(["/opt/dns/deploy all of it", upAll]);
        expect(runs).toEqual(["dns", "wiki-db-1", "wiki-web-1"]);
        expect([code, left]).toEqual([0, null]);
        expect(mails).toHaveLength(1);
        expect(mails[0]).toMatch(
            /^Docker: brought back 2 of 2 deployments\n[^]*\n {2}dns: dns, by [^]*\n {2}wiki: web, db, by /,
        );
    });
    test("with any container there nothing is done, and nobody is told", async () => {
        const { code, calls, mails } = await happens({ containers: [{ name: "other", state: "exited" }] });
        expect([code, calls, mails]).toEqual([0, [], []]);
    });
    test("the blackbox exporter that a monitoring host has started is none of them", async () => {
        const { calls } = await happens({ containers: [{ name: "holdfast-blackbox" }] });
        expect(calls).toEqual(["/opt/dns/deploy all of it", upAll]);
    });
    test("where a missing one counts, that one alone is made: what runs, and what somebody has stopped, stays as it is", async () => {
        const missing = { settings: { when: "missing" } };
        const { calls, mails } = await happens({ ...missing, containers: [{ name: "dns", state: "exited" }, web] });
        expect(calls).toEqual([upAll.replace("web db", "db")]);
        expect(mails).toHaveLength(1);
        expect((await happens({ ...missing, containers: [{ name: "dns", state: "exited" }, web, db] })).calls).toEqual(
            [],
        );
    });
    test("a registry that is not there yet is waited for, longer each time, and is no failure in the end", async () => {
        const { code, calls, mails, waits } = await happens({ times: { "/opt/wiki": 3 } });
        expect(calls).toEqual(["/opt/dns/deploy all of it", upAll, upAll, upAll, upAll]);
        expect(waits).toEqual([5, 10, 20]);
        expect([code, mails.length]).toEqual([0, 1]);
        expect(mails[0]).toMatch(/^Docker: brought back 2 of 2/);
    });
    test("before its mounts are there nothing is started, not even asked", async () => {
        const late = await happens({ settings: { mounts: ["/opt"] }, times: { "/opt": 2 } });
        expect([late.code, late.waits, late.runs.length]).toEqual([0, [5, 10], 3]);
        const never = await happens({ settings: { mounts: ["/opt"], patience: 60 }, times: { "/opt": 99 } });
        expect([never.code, never.calls, never.runs]).toEqual([1, [], []]);
        expect(never.mails).toEqual([
            expect.stringMatching(
                /^Docker: could not tell what is gone after the boot\n {2}mounts: \/opt: not mounted/,
            ),
        ]);
    });
    test("a daemon that does not answer is started, and waited for", async () => {
        const { code, calls, runs } = await happens({ times: { silent: 2 } });
        expect(calls.filter((call) => call === "systemctl start docker.service")).toHaveLength(2);
        expect([code, runs.length]).toEqual([0, 3]);
    });
    test("one that fails for good holds up no other, is mailed once with its reason, and is tried after the next boot again", async () => {
        const { code, mails, runs, left, waits } = await happens({
            settings: { patience: 100 },
            times: { "/opt/dns/deploy": 99 },
            disk: "full: /var/lib/docker",
        });
        expect([code, runs, left]).toEqual([1, ["wiki-db-1", "wiki-web-1"], "dns\n"]);
        expect(waits).toEqual([5, 10, 20, 40]);
        expect(mails).toHaveLength(1);
        expect(mails[0]).toMatch(
            /^Docker: could not bring back dns\n {2}dns: `\/opt\/dns\/deploy all of it`: not done after 600 s\n\nDocker's disk is full: \/var\/lib\/docker[^]*\nBrought back:\n {2}wiki: web, db/,
        );
        const next = await happens({ containers: [web, db], kept: { [LEFT]: "dns\n" } });
        expect([next.code, next.calls, next.left]).toEqual([0, ["/opt/dns/deploy all of it"], null]);
    });
    test("what a power cut has left half done is finished, though there are containers by then", async () => {
        const { calls, runs } = await happens({
            containers: [{ name: "dns" }],
            kept: { [LEFT]: "wiki\ngone-from-the-stack\n" },
        });
        expect([calls, runs]).toEqual([[upAll], ["dns", "wiki-db-1", "wiki-web-1"]]);
    });
    test("what somebody who is not root could change is not run as root, and told", async () => {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-docker-"));
        try {
            const [deploy, project] = [join(folder, "deploy"), join(folder, "wiki")];
            await mkdir(project);
            for (const path of [deploy, join(project, "compose.yaml")]) await writeFile(path, "");
            const settings = {
                patience: 10,
                deployments: [
                    { ...dns, command: [deploy] },
                    { ...wiki, compose: project },
                ],
            };
            const projects = { [project]: ["web"] };
            const deployed = () => happens({ settings, projects, makes: { [deploy]: ["dns"] } });
            expect((await deployed()).runs).toEqual(["dns", expect.stringMatching(/-web-1$/)]);
            const nobody = 65534;
            await chown(deploy, nobody, nobody);
            await chmod(join(project, "compose.yaml"), 0o666);
            const { runs, mails } = await deployed();
            expect(runs).toEqual([]);
            expect(mails[0]).toContain(`dns: ${deploy} belongs to nobody, who could have root run anything`);
            expect(mails[0]).toContain(`wiki: ${project}/compose.yaml can be written by everybody, `);
            await chown(deploy, 0, 0);
            await chmod(join(project, "compose.yaml"), 0o644);
            await chmod(folder, 0o777);
            expect((await deployed()).mails[0]).toContain(`dns: ${folder} can be written by everybody`);
            await chmod(folder, 0o700);
            await letWrite(deploy, nobody);
            expect((await deployed()).mails[0]).toContain(`dns: ${deploy} can be written by others, by an access`);
        } finally {
            await rm(folder, { recursive: true });
        }
    });
    test("before Compose is run, only to ask it, it is known that nobody else could change what it reads", async () => {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-docker-"));
        try {
            await writeFile(join(folder, "compose.yaml"), "");
            const settings = { patience: 10, deployments: [{ ...wiki, compose: folder }] };
            const deployed = () => happens({ settings, projects: { [folder]: ["web"] } });
            expect((await deployed()).asked).toContain(folder);
            for (const name of [".env", "db.env", "base.yml"]) {
                await writeFile(join(folder, name), "");
                await chmod(join(folder, name), 0o666);
                const { asked, mails } = await deployed();
                expect([name, asked]).toEqual([name, []]);
                expect(mails[0]).toContain(`wiki: ${folder}/${name} can be written by everybody, `);
                await rm(join(folder, name));
            }
        } finally {
            await rm(folder, { recursive: true });
        }
    });
    test("of a command its program is asked about, and every path that it is given, but for a device", async () => {
        const folder = await mkdtemp(join(tmpdir(), "holdfast-docker-"));
        try {
            const [script, other] = [join(folder, "deploy.yml"), join(folder, "vars")];
            for (const path of [script, other]) await writeFile(path, "");
            const command = ["/usr/bin/env", script, `--vars=${other}`, "/dev/null", "all of it"];
            const deployed = () =>
                happens({
                    settings: { patience: 10, deployments: [{ ...dns, command }] },
                    makes: { "/usr/bin/env": ["dns"] },
                });
            expect((await deployed()).runs).toEqual(["dns"]);
            for (const path of [script, other]) {
                await chmod(path, 0o666);
                const { runs, mails } = await deployed();
                expect(runs).toEqual([]);
                expect(mails[0]).toContain(`dns: ${path} can be written by everybody, `);
                await chmod(path, 0o644);
            }
        } finally {
            await rm(folder, { recursive: true });
        }
    });
    test("a command is not run over what runs of its containers: that is told", async () => {
        const { code, calls, mails } = await happens({
            settings: { when: "missing", deployments: [{ ...dns, containers: ["dns", "dns-exporter"] }] },
            containers: [{ name: "dns" }],
        });
        expect([code, calls]).toEqual([1, []]);
        expect(mails[0]).toMatch(/^Docker: could not bring back dns\n {2}dns: gone: dns-exporter; the others run/);
    });
    test("by what Docker says, not by an exit status: what does not stay up is no success", async () => {
        const { code, mails } = await happens({ settings: { patience: 30 }, becomes: "exited" });
        expect(code).toBe(1);
        expect(mails[0]).toMatch(/wiki: `docker compose up` in \/opt\/wiki ended well, but: not running: web, db/);
    });
    test("of a command that does not say what it makes only a host without any container tells that it is gone", async () => {
        const blind = { settings: { deployments: [{ name: "old", command: ["/opt/old/deploy"] }] } };
        expect((await happens(blind)).calls).toEqual(["/opt/old/deploy"]);
        expect((await happens({ ...blind, containers: [{ name: "other" }] })).calls).toEqual([]);
    });
    test("a mail that cannot be sent, since the way there is a container, is owed", async () => {
        const { mails, owed } = await happens({ times: { mail: 1 } });
        expect(mails).toEqual([]);
        expect(owed).toMatch(/^Docker: brought back 2 of 2 deployments\n/);
    });
    test("a host without Compose says so", async () => {
        const { mails } = await happens({ settings: { patience: 10 }, compose: false });
        expect(mails[0]).toContain("  wiki: neither `docker compose` nor `docker-compose` is there\n");
    });
});

describe("by hand", () => {
    test("what does not run is brought up once, whatever `when` says; 0 where all of them run then", async () => {
        const { code, calls, mails, printed } = await happens({
            hand: [],
            containers: [{ name: "dns", state: "exited" }, web, { ...db, state: "exited" }],
        });
        expect([code, calls, mails]).toEqual([0, ["/opt/dns/deploy all of it", upAll.replace("web db", "db")], []]);
        expect(printed).toMatch(/\ndns: running\nwiki: running\n$/);
    });
    test("2 where one does not, with the reason; it is not tried again", async () => {
        const { code, printed, waits } = await happens({ hand: [], times: { "/opt/wiki": 1 } });
        expect([code, waits]).toEqual([2, []]);
        expect(printed).toContain(
            "wiki: `docker compose up` in /opt/wiki: exit status 18: pulling web: registry.example.test: no such host",
        );
    });
    test("1 where nobody can tell: no daemon, no mount, no such deployment", async () => {
        expect((await happens({ hand: [], times: { silent: 9 } })).code).toBe(1);
        expect((await happens({ hand: [], settings: { mounts: ["/opt"] }, times: { "/opt": 9 } })).code).toBe(1);
        const stranger = await happens({ hand: ["wki"] });
        expect([stranger.code, stranger.calls, stranger.printed]).toEqual([
            1,
            [],
            "wki: not declared here; declared are dns, wiki\n",
        ]);
    });
    test("one by its name alone; a pending rest of a boot stays pending", async () => {
        const { code, calls, left } = await happens({
            hand: ["wiki"],
            containers: [{ name: "dns" }],
            kept: { [LEFT]: "dns\n" },
        });
        expect([code, calls, left]).toEqual([0, [upAll], "dns\n"]);
    });
    test("a command that does not say what it makes is run where it is named, or where a boot has left it", async () => {
        const blind = {
            settings: { deployments: [{ name: "old", command: ["/opt/old/deploy"] }] },
            containers: [{ name: "other" }],
        };
        expect((await happens({ ...blind, hand: [] })).calls).toEqual([]);
        expect(await happens({ ...blind, hand: ["old"] })).toMatchObject({ code: 0, calls: ["/opt/old/deploy"] });
        expect(await happens({ ...blind, hand: [], kept: { [LEFT]: "old\n" } })).toMatchObject({
            calls: ["/opt/old/deploy"],
            left: null,
        });
    });
});

describe("a boot that has failed", () => {
    const failed = (...names: string[]) => ({ [LAST]: ["900", "failed", ...names, ""].join("\n") });
    const isFailed = ({ metrics }: Happened) => /^holdfast_docker_redeploy_failed (\d)$/m.exec(metrics)?.[1];
    const blind = { deployments: [dns, wiki, { name: "old", command: ["/opt/old/deploy"] }] };

    test("names what is left, or all of which it could be known where it could not even look", async () => {
        const one = await happens({ settings: { patience: 10 }, times: { "/opt/dns/deploy": 99 } });
        expect([one.last, isFailed(one)]).toEqual(["1005\nfailed\ndns\n", "1"]);
        const none = await happens({ settings: { patience: 10, ...blind }, times: { silent: 2 } });
        expect(none.last).toMatch(/\nfailed\ndns\nwiki\n$/);
        const old = { deployments: blind.deployments.slice(2), patience: 10 };
        const untold = await happens({ settings: old, times: { silent: 2 }, containers: [{ name: "other" }] });
        expect([untold.last?.slice(5), isFailed(untold)]).toEqual(["failed\nold\n", "1"]);
    });
    test("has not failed any more once a look finds that it runs, whoever brought it back; its time stays", async () => {
        const look = { look: true, kept: failed("dns") };
        expect(isFailed(await happens({ ...look, containers: [web] }))).toBe("1");
        const up = await happens({ ...look, containers: [{ name: "dns" }] });
        expect([isFailed(up), up.last]).toEqual(["0", "900\nbrought back\n"]);
        expect(up.metrics).toContain("holdfast_docker_redeploy_timestamp_seconds 900\n");
        expect(isFailed(await happens({ look: true, kept: failed("no-longer-declared") }))).toBe("0");
    });
    test("nor once it has been brought back by hand, also a command that does not say what it makes", async () => {
        const given = { settings: blind, containers: [{ name: "dns" }, web, db] };
        expect(isFailed(await happens({ ...given, look: true, kept: failed("old") }))).toBe("1");
        expect(isFailed(await happens({ ...given, hand: ["wiki"], kept: failed("old") }))).toBe("1");
        expect(isFailed(await happens({ ...given, hand: ["old"], kept: failed("old") }))).toBe("0");
        const tried = await happens({ ...given, hand: ["old"], kept: failed("old"), times: { "/opt/old/deploy": 1 } });
        expect(isFailed(tried)).toBe("1");
    });
});

test("of a deployment that cannot be read, or that is not root's alone, the metrics say that", async () => {
    const look = { look: true, containers: [{ name: "dns" }, web, db] };
    const unreadable = await happens({ ...look, projects: {} });
    const of = ({ metrics }: Happened) => metrics.match(/^holdfast_docker_deployment_readable.*$/gm);
    expect(of(unreadable)).toEqual([
        'holdfast_docker_deployment_readable{deployment="dns"} 1',
        'holdfast_docker_deployment_readable{deployment="wiki"} 0',
    ]);
    expect(unreadable.metrics).not.toContain('containers_expected{deployment="wiki"}');
    const folder = await mkdtemp(join(tmpdir(), "holdfast-docker-"));
    try {
        const command = [join(folder, "deploy")];
        await writeFile(command[0]!, "", { mode: 0o755 });
        await chown(command[0]!, 65534, 65534);
        const foreign = await happens({ ...look, settings: { deployments: [{ name: "old", command }] } });
        expect(of(foreign)).toEqual(['holdfast_docker_deployment_readable{deployment="old"} 0']);
    } finally {
        await rm(folder, { recursive: true });
    }
});

test("the metrics say of each deployment what is expected, what runs, what is ill and what restarts again and again", async () => {
    const { metrics } = await happens({
        containers: [
            { name: "dns", health: "unhealthy" },
            { ...web, restarts: 7, started: 990 },
            { ...db, state: "exited", is_done: true },
        ],
    });
    expect(metrics.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
        "holdfast_docker_up 1",
        "holdfast_docker_containers 3",
        'holdfast_docker_deployment_readable{deployment="dns"} 1',
        'holdfast_docker_deployment_readable{deployment="wiki"} 1',
        'holdfast_docker_containers_expected{deployment="dns"} 1',
        'holdfast_docker_containers_expected{deployment="wiki"} 1',
        'holdfast_docker_containers_running{deployment="dns"} 1',
        'holdfast_docker_containers_running{deployment="wiki"} 1',
        'holdfast_docker_containers_unhealthy{deployment="dns"} 1',
        'holdfast_docker_containers_unhealthy{deployment="wiki"} 0',
        'holdfast_docker_containers_restarting{deployment="dns"} 0',
        'holdfast_docker_containers_restarting{deployment="wiki"} 1',
        "holdfast_docker_looked_timestamp_seconds 1000",
        "holdfast_docker_redeploy_timestamp_seconds 1000",
        "holdfast_docker_redeploy_failed 0",
    ]);
});

describe("what Docker says", () => {
    const told = {
        Name: "/wiki-web-1",
        RestartCount: 2,
        State: {
            Status: "running",
            ExitCode: 0,
            StartedAt: "2026-11-27T23:00:00.123456789Z",
            Health: { Status: "healthy" },
        },
        HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
        Config: {
            Labels: { "com.docker.compose.project.working_dir": "/opt/wiki", "com.docker.compose.service": "web" },
        },
    };
    const heard = (given: unknown) =>
        runPython(
            program,
            "try:\n    answer = container_of(given)._asdict()\nexcept Silent as error:\n    answer = str(error)",
            given,
        );

    test("is read as it stands there", async () => {
        expect(await heard(told)).toEqual({
            name: "wiki-web-1",
            state: "running",
            health: "healthy",
            restarts: 2,
            started: 1_795_820_400,
            folder: "/opt/wiki",
            service: "web",
            is_done: false,
        });
        expect(
            await heard({ ...told, Config: { Labels: null }, State: { ...told.State, Health: null } }),
        ).toMatchObject({
            folder: "",
            health: "",
        });
    });
    test("a container that has ended well and is not to be started again is done; one of `docker compose run` is nobody's", async () => {
        const ended = { ...told, State: { ...told.State, Status: "exited" } };
        expect(await heard(ended)).toMatchObject({ is_done: false });
        expect(await heard({ ...ended, HostConfig: { RestartPolicy: { Name: "no" } } })).toMatchObject({
            is_done: true,
        });
        const labels = { ...told.Config.Labels, "com.docker.compose.oneoff": "True" };
        expect(await heard({ ...told, Config: { Labels: labels } })).toMatchObject({ folder: "", service: "" });
    });
    test.each<[string, object]>([
        ["Name", { ...told, Name: "/a\u001b[2J" }],
        ["Name", { ...told, Name: 7 }],
        ["State", { ...told, State: [] }],
        ["state", { ...told, State: { ...told.State, Status: "up\nand running" } }],
        ["RestartCount", { ...told, RestartCount: true }],
        ["Health", { ...told, State: { ...told.State, Health: "yes" } }],
        ["HostConfig", { ...told, HostConfig: undefined }],
    ])("%s that is none is no answer", async (_, given) => {
        expect(await heard(given)).toMatch(/^it (?:says of|gives)/);
    });
    test("comes over its socket; one that is gone meanwhile is passed over, and what is no answer is never taken for one", async () => {
        const serve = `
import http.server, socketserver, tempfile, threading
answers = given["answers"]
class Handler(http.server.BaseHTTPRequestHandler):
    address_string = lambda self: "docker"
    log_message = lambda self, *_: None
    def do_GET(self):
        text = answers.get(self.path)
        self.send_response(200 if text is not None else 404)
        self.end_headers()
        self.wfile.write((text or "{}").encode())
with tempfile.TemporaryDirectory() as folder:
    DOCKER_SOCKET = f"{folder}/docker.sock"
    server = socketserver.ThreadingUnixStreamServer(DOCKER_SOCKET, Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try: answer = [each.name for each in read_containers()]
    except Silent as error: answer = str(error)
    server.shutdown()`;
        const [there, gone] = ["a".repeat(64), "b".repeat(64)];
        const ask = (list: string) =>
            runPython(program, serve, {
                answers: { "/containers/json?all=1": list, [`/containers/${there}/json`]: JSON.stringify(told) },
            });
        expect(await ask(JSON.stringify([{ Id: there }, { Id: gone }]))).toEqual(["wiki-web-1"]);
        expect(await ask("[")).toBe("it answers /containers/json with what is no JSON");
        expect(await ask("{}")).toBe("it answers the question for its containers with no list");
        expect(await ask('[{"Id":"../x"}]')).toBe("it gives a container an id that is none");
        expect(await ask("[".repeat(200_000))).toBe("it answers /containers/json with what is no JSON");
    });
    test("a daemon that is not there is no host without containers", async () => {
        const answer = await runPython(
            program,
            'DOCKER_SOCKET = "/nonexistent/docker.sock"\ntry: answer = [read_containers()]\nexcept Silent as error: answer = str(error)',
            {},
        );
        expect(answer).toBe("/nonexistent/docker.sock: No such file or directory");
    });
});

test("the node's probes tell what the program says, and `unknown` where it says nothing", async () => {
    const ask = (printed: string) =>
        python<Record<string, { state: string; code: string; text: string }>>(
            `
import os, tempfile, probes
from concerns.docker.node import state
with tempfile.NamedTemporaryFile("w", delete=False) as stream:
    stream.write("#!/bin/sh\\ncat <<'E'\\n" + given + "\\nE\\n")
os.chmod(stream.name, 0o755)
state.PROGRAM = stream.name
answer = {" ".join(each): probes.probe(each[0], each[1:]) for each in (["docker", "daemon"], ["docker", "disk"], ["docker-deployment", "wiki"], ["docker-deployment", "old"])}
os.unlink(stream.name)`,
            printed,
        );
    const texts = async (printed: string) =>
        Object.values(await ask(printed)).map(({ state, text }) => `${state}: ${text}`);
    expect(
        await texts('{"daemon": "answers", "disk": "has room", "deployments": {"wiki": "gone: db", "old": "running"}}'),
    ).toEqual(["ok: answers", "ok: has room", "ok: gone: db", "ok: running"]);
    expect(await texts('{"daemon": "does not answer", "disk": "not known", "deployments": {}}')).toEqual([
        "ok: does not answer",
        "unknown: unknown: Docker does not answer",
        "unknown: unknown: Docker does not answer",
        "unknown: unknown: Docker does not answer",
    ]);
    for (const nonsense of ["", "[]", '{"deployments": 3}'])
        expect((await texts(nonsense)).every((text) => text.startsWith("unknown:"))).toBe(true);
});
