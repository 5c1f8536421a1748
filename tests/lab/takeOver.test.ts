/**
 * A first push over files that somebody wrote: a forgotten import, a node that was taken out and put back, a lost
 * state.
 */
import type { Lab, LabNode } from "../../lab";
import { openTestLab, readNodeFile, toIncidentState } from "../helpers/lab";
import { expectSuccess, fleetOf, type FleetConfig } from "../helpers/labFleet";
import { PulumiProject } from "../helpers/pulumiProject";

jest.setTimeout(300_000);

const up = ["up", "--yes", "--skip-preview"];

let lab: Lab;
let node: LabNode;
let project: PulumiProject;
let fleet: FleetConfig;

beforeAll(async () => {
    lab = await openTestLab();
    node = lab.nodes[0]!;
    project = await PulumiProject.create(lab);
    await toIncidentState(lab, node);
    await freshState("first");
});
afterAll(async () => {
    await toIncidentState(lab, node);
    await project.remove();
});

/** A stack that knows nothing of the node, and says nothing of `takeOver`. */
async function freshState(stack: string): Promise<void> {
    await project.pulumi("stack", "init", stack);
    fleet = await fleetOf(lab, project, [node.name]);
    delete fleet.takeOver;
    await project.configure(stack, { fleet });
}

async function expectRefusal(path: string, line: string): Promise<void> {
    const before = await readNodeFile(node, path);
    const { exitCode, output } = await project.runPulumi(up);
    expect(exitCode).not.toBe(0);
    expect(output).toContain(`--- ${path} (on the node)`);
    expect(output).toContain(line);
    expect(output).toContain("set takeOver: true for the node");
    expect(await readNodeFile(node, path)).toBe(before);
}

test("a preview of it says that it has not looked, and the up stops at the node's own fstab, with the difference", async () => {
    expect(expectSuccess(await project.runPulumi(["preview", "--diff"]))).toContain(
        `${node.name}: a first push, and this preview has not looked at the node`,
    );
    await expectRefusal("/etc/fstab", "-/dev/sd");
});

test("an installer's hosts file is replaced without a word", async () => {
    expect(await readNodeFile(node, "/etc/hosts")).not.toMatch(/^127\.0\.1\.1/m);
});

test("takeOver: true in the stack replaces them, and keeps what stood there", async () => {
    fleet.nodes[node.name]!.takeOver = true;
    await project.configure("first", { fleet });
    expectSuccess(await project.runPulumi(up));
    expect(await readNodeFile(node, "/etc/fstab")).toContain("nofail");
    expect((await node.exec(["sh", "-c", "grep -l '^/dev/sd' /var/lib/holdfast/backups/*"])).stdout).not.toBe("");
    expectSuccess(await project.runPulumi(["refresh", "--preview-only", "--expect-no-changes"]));
});

test("after a lost state, what Holdfast wrote is known again, also where the stack says otherwise by now", async () => {
    await freshState("lost");
    fleet.nodes[node.name]!.hostsFile.extra.push({ address: "192.0.2.64", names: ["camera"] });
    await project.configure("lost", { fleet });
    expectSuccess(await project.runPulumi(up));
    expect(await readNodeFile(node, "/etc/hosts")).toContain("192.0.2.64");
});

test("a hotfix in it is overwritten by no create", async () => {
    await node.exec(["sh", "-c", "echo '192.0.2.99 hotfix' >>/etc/hosts"]);
    await freshState("edited");
    await expectRefusal("/etc/hosts", "-192.0.2.99 hotfix");
});
