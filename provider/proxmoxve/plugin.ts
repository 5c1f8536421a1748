/** proxmoxve's own plugin: found, or installed as Pulumi would, and started. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, credentials } from "@grpc/grpc-js";
import { pulumi, version } from "@muhlba91/pulumi-proxmoxve/package.json";
import execa from "execa";
import { messageLimits } from "../serve";

/** Milliseconds for an installation, and for a start. */
const limits = { install: 600_000, start: 120_000 };

/** @param environment beside our own */
export async function startPlugin(
    engineAddress: string | undefined,
    environment: Readonly<Record<string, string>>,
): Promise<Client> {
    const child = spawn(await pluginFile(), engineAddress === undefined ? [] : [engineAddress], {
        env: { ...process.env, ...environment },
        stdio: ["pipe", "pipe", "inherit"],
    });
    process.once("exit", () => child.kill());
    const port = await new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`said nothing within ${limits.start / 1000} s`)), limits.start);
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`ended with ${code} before it said anything`)));
        createInterface(child.stdout).once("line", (line) => {
            clearTimeout(timer);
            resolve(line.trim());
        });
    }).catch((error: unknown) => {
        child.kill();
        throw new Error(`proxmoxve's plugin did not start: ${(error as Error).message}`, { cause: error });
    });
    return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        ...messageLimits,
        "grpc.enable_http_proxy": 0,
    });
}

/** As the engine looks for it; it does not, since Pulumi.yaml says that this one is it. */
async function pluginFile({ HOLDFAST_PROXMOXVE_PLUGIN: given, PULUMI_HOME: home } = process.env): Promise<string> {
    if (given !== undefined) return given;
    const folder = join(home ?? join(homedir(), ".pulumi"), "plugins", `resource-proxmoxve-v${version}`);
    const file = join(folder, "pulumi-resource-proxmoxve");
    if (existsSync(file)) return file;
    const args = ["plugin", "install", "resource", "proxmoxve", version, "--server", pulumi.server];
    const { failed, all } = await execa("pulumi", args, { all: true, reject: false, timeout: limits.install });
    if (failed || !existsSync(file))
        throw new Error(
            `holdfast:fleet.proxmox: proxmoxve's plugin is not there, and \`pulumi ${args.join(" ")}\` did not bring it: ${(all ?? "").trim().slice(-2000)}`,
        );
    return file;
}
