/**
 * A real dockerd without a machine of its own: in namespaces, on a tree of Debian that is built once. Its network is
 * none, so what it runs is made of files on the spot.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { planDockerHost } from "../../components/docker/plan";
import { parseFleet } from "../../components/fleet";
import { imageCache } from "../../vm/baseImage";
import { isThere } from "../../vm/isThere";
import { withLock } from "../../vm/lock";

const packages = ["docker.io", "docker-cli", "docker-compose", "python3", "busybox-static", "procps", "bsdutils"];

export const sandboxImage = "local/busybox:1";

/** About a minute, once. */
async function ensureTree(): Promise<string> {
    const hash = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12);
    const folder = join(imageCache(), `docker-${hash}`);
    return withLock(folder, async () => {
        if (await isThere(folder)) return folder;
        const draft = `${folder}.draft`;
        await rm(draft, { recursive: true, force: true });
        await mkdir(draft, { recursive: true });
        await execa("mmdebstrap", [
            ...["--quiet", "--mode=root", "--variant=minbase", "--format=directory"],
            '--aptopt=Acquire::Languages "none"',
            ...["doc", "man", "locale", "info"].map((part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`),
            `--include=${packages.join(",")}`,
            ...["trixie", draft],
        ]);
        await rename(draft, folder);
        return folder;
    });
}

/** pid 1 of the namespaces: the tree with a disk of its own over it, and Docker's data on a tmpfs as on a bare disk. */
const enter = `
mount --make-rprivate / && mount -t tmpfs tmpfs "$2" && mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root" && mkdir -p old && mount -t proc proc proc && mount --rbind /sys sys && mount --rbind /dev dev
mount -t tmpfs tmpfs run && mount -t tmpfs tmpfs tmp && mkdir -p var/lib/docker opt && mount -t tmpfs tmpfs var/lib/docker
mount -t tmpfs tmpfs opt && pivot_root . old && umount -l /old && echo ready && exec sleep infinity`;

const redeployProgram = "/usr/local/lib/holdfast/redeploy";

/** A Compose project of the sandbox's own image. */
export function composeOf(services: Readonly<Record<string, object>>): string {
    return JSON.stringify({
        services: Object.fromEntries(
            Object.entries(services).map(([name, each]) => [
                name,
                { image: sandboxImage, network_mode: "none", restart: "unless-stopped", init: false, ...each },
            ]),
        ),
    });
}

/** Writes down once when it was born: whoever reads another word later has lost its data. */
export const wikiCompose = composeOf({
    web: {
        command: ["cat /data/born || cat /proc/sys/kernel/random/uuid >/data/born; exec sleep 1000000"],
        volumes: ["./data:/data"],
    },
    db: { command: ["exec sleep 1000000"] },
});

export class DockerSandbox {
    private constructor(
        private readonly folder: string,
        private readonly holder: execa.ExecaChildProcess,
        private readonly pid: string,
    ) {}

    static async start(): Promise<DockerSandbox> {
        const tree = await ensureTree();
        const folder = await mkdtemp(join(tmpdir(), "holdfast-docker-"));
        const holder = execa(
            "unshare",
            ["--mount", "--net", "--pid", "--fork", "--kill-child", "--cgroup", "sh", "-ec", enter, "sh", tree, folder],
            { buffer: false, stdin: "ignore", stderr: "inherit" },
        );
        await new Promise<void>((ready, failed) => {
            holder.stdout!.once("data", () => ready());
            holder.catch(failed);
        });
        const pid = (await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8")).trim();
        return new DockerSandbox(folder, holder, pid);
    }

    /** What a shell of the workstation puts before a command that is to run in here. */
    get entering(): string {
        return `nsenter --target ${this.pid} --mount --net --pid --cgroup --root --wd --`;
    }

    async exec(argv: readonly string[], options: execa.Options = {}): Promise<execa.ExecaReturnValue> {
        const [command, ...words] = this.entering.split(" ");
        return execa(command!, [...words, ...argv], {
            ...options,
            extendEnv: false,
            env: {
                PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                HOME: "/root",
                ...options.env,
            },
        });
    }

    async shell(script: string, input?: string): Promise<string> {
        return (await this.exec(["sh", "-ec", script], { ...(input !== undefined && { input }) })).stdout;
    }

    async write(path: string, content: string, mode = "644"): Promise<void> {
        await this.exec(["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', "sh", path, mode], {
            input: content,
        });
    }

    async dockerUp(): Promise<void> {
        await this.shell(
            "setsid dockerd --iptables=false --ip6tables=false --bridge=none --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent=/holdfast-dockerd >/tmp/dockerd.log 2>&1 </dev/null & for i in $(seq 300); do docker info >/dev/null 2>&1 && exit; sleep 0.2; done; tail -20 /tmp/dockerd.log >&2; exit 1",
        );
    }

    /** All of Docker dies at once, and every container with it, as of a machine that is switched off. */
    async cutPower(): Promise<void> {
        await this.shell(
            "pkill -9 -x 'dockerd|containerd|containerd-shim' || true; for id in $(ps -eo pid= | grep -vw 1); do if grep -qs holdfast-dockerd /proc/$id/cgroup; then kill -9 $id || true; fi; done; sleep 0.5; for mount in $(awk '$2 ~ \"^/(var/lib|run)/(docker|containerd)/.\" {print $2}' /proc/mounts); do umount -l $mount; done; rm -rf /run/docker* /run/containerd",
        );
    }

    /** An image out of the tree's own files: a statically linked busybox, as `sh`, `sleep` and the rest. */
    async makeImage(name: string): Promise<void> {
        await this.shell(
            `d=$(mktemp -d); mkdir -p $d/bin && cp /usr/bin/busybox $d/bin/ && for each in sh sleep date cat false true; do ln -s busybox $d/bin/$each; done; tar -C $d -c . | docker import --change 'ENTRYPOINT ["/bin/sh", "-c"]' - ${name} >/dev/null; rm -rf $d`,
        );
    }

    /** As a push leaves it: what brings the deployments back, and its mails in /tmp/mails. */
    async declare(docker: object): Promise<void> {
        const { fleet } = parseFleet(
            {
                nodes: { pve01: { address: "192.0.2.11" } },
                hosts: { vm1: { address: "192.0.2.70", roles: ["docker"], docker } },
            },
            () => "",
        );
        const { identity, host, docker: settings } = fleet!.hosts[0]!;
        const { files } = planDockerHost({ host, node: identity, settings: settings! });
        for (const path of [redeployProgram, "/etc/holdfast/docker.json"])
            await this.write(path, files[path]!.content!, files[path]!.mode ?? "644");
        await this.write("/usr/local/bin/mailer", '#!/bin/sh\n{ echo "Subject: $1"; cat; } >>/tmp/mails\n', "755");
        await this.shell("mkdir -p /tmp/metrics");
    }

    /** What the boot's unit starts, without arguments; `mails` has what it mailed this time. */
    async redeploy(...words: string[]): Promise<{ exitCode: number; said: string }> {
        await this.shell("rm -f /tmp/mails");
        const { exitCode, all } = await this.exec([redeployProgram, ...words], {
            all: true,
            reject: false,
            env: { HOLDFAST_MAILER: "/usr/local/bin/mailer", HOLDFAST_METRICS: "/tmp/metrics" },
        });
        return { exitCode, said: String(all) };
    }

    async mails(): Promise<string> {
        return this.shell("cat /tmp/mails 2>/dev/null || true");
    }

    /** What a hard stop has left: the containers' records of that pattern are gone, `left` others run again. */
    async loseContainers(pattern = "*", left = 0): Promise<void> {
        await this.cutPower();
        await this.shell(`cd /var/lib/docker/containers && rm -rf -- ${pattern}`);
        await this.dockerUp();
        await this.shell(`until [ $(docker ps --quiet | wc -l) = ${left} ]; do sleep 0.2; done`);
    }

    async stop(): Promise<void> {
        await this.cutPower();
        // The control groups are the machine's, not the namespace's.
        await execa("find", [
            "/sys/fs/cgroup",
            ..."-depth -type d -path */holdfast-dockerd* -exec rmdir {} +".split(" "),
        ]);
        this.holder.kill("SIGKILL"); // its child dies with it, and with that every process of the namespace
        await this.holder.catch(() => undefined);
        await rm(this.folder, { recursive: true, force: true });
    }
}
