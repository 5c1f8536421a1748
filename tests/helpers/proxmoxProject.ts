/**
 * A project whose stack has `proxmox`: the lab's nodes over SSH, the fake API, and the bridge as proxmoxve's plugin.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../../lab";
import { ensureBridge } from "../../toolchain/bridge";
import { fleetOf, type FleetConfig } from "./labFleet";
import { PulumiProject } from "./pulumiProject";
import { FakeProxmox } from "./proxmoxApi/server";

export interface ProxmoxProject {
    readonly project: PulumiProject;
    readonly fake: FakeProxmox;
    readonly fleet: FleetConfig;
    readonly token: string;
    /** Writes the stack with these settings beside the endpoint and the CA. */
    readonly configure: (settings: object, others?: object) => Promise<void>;
}

/** @param names nodes of the lab that the stack declares, and the cluster has */
export async function openProxmoxProject(lab: Lab, stack: string, names: readonly string[]): Promise<ProxmoxProject> {
    const fake = await FakeProxmox.start();
    fake.cluster.nodes.clear();
    for (const name of names) fake.cluster.nodes.set(name, true);
    const token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
    const project = await PulumiProject.create(lab);
    project.environment["HOLDFAST_PROXMOXVE_PLUGIN"] = join(await ensureBridge(), "pulumi-resource-proxmoxve");
    await mkdir(join(project.folder, "nodes"));
    await writeFile(join(project.folder, "nodes", "ca.pem"), fake.certificates.ca);
    const fleet = await fleetOf(lab, project, names);
    await project.pulumi("stack", "init", stack);
    const configure = async (settings: object, others: object = {}) => {
        const proxmox = { endpoint: fake.endpoint, ca: "nodes/ca.pem", ...settings };
        await project.configure(stack, { fleet: { ...fleet, ...others, proxmox } });
        await project.pulumi("config", "set", "--stack", stack, "--secret", "holdfast:proxmoxToken", token);
    };
    return { project, fake, fleet, token, configure };
}
