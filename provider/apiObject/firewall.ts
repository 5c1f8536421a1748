/**
 * Rules of the cluster's firewall that accept: ours are known by their comment, and others' are never touched. While it
 * is off, everything is accepted and nothing is written.
 */
import { z } from "zod";
import type { ProxmoxApi } from "../../host/proxmox/api";
import { acceptedText, type ApiObjectArgs } from "../../model/contract/apiObject";

type Settings = Readonly<Record<string, string>>;

/** Of a rule that we wrote, none: each makes it match less, or something else. */
const narrowings = ["iface", "dest", "sport", "macro", "icmp-type"] as const;

const options = z.object({ enable: z.number().optional() });
const rules = z.array(
    z.object({
        pos: z.number(),
        type: z.enum(["in", "out", "forward", "group"]),
        action: z.string(),
        enable: z.number().optional(),
        proto: z.string().optional(),
        dport: z.string().optional(),
        source: z.string().optional(),
        iface: z.string().optional(),
        dest: z.string().optional(),
        sport: z.string().optional(),
        macro: z.string().optional(),
        "icmp-type": z.string().optional(),
        comment: z.string().optional(),
        digest: z.string().optional(),
    }),
);
type Rule = z.infer<typeof rules>[number];

export async function readFirewall(api: ProxmoxApi, { settings }: ApiObjectArgs): Promise<Settings> {
    if (((await api.get("cluster/firewall/options", options)).enable ?? 0) === 0) return settings;
    const found = await api.get("cluster/firewall/rules", rules);
    return Object.fromEntries(
        Object.keys(settings).flatMap((name) => {
            const rule = found.find(isOurs(name));
            return rule ? [[name, wordsOf(rule, found)]] : [];
        }),
    );
}

/** Whoever writes may come over SSH: its rule stands before anything else changes. */
export async function writeFirewall(api: ProxmoxApi, _: ApiObjectArgs, settings: Settings): Promise<void> {
    const sshFirst = Object.entries(settings).sort(
        ([one], [other]) => Number(other.startsWith("ssh")) - Number(one.startsWith("ssh")),
    );
    for (const [name, text] of sshFirst) {
        const found = await api.get("cluster/firewall/rules", rules);
        const [, dport = "", source = ""] = /^tcp (\S+) from (\S+)$/.exec(text) ?? [];
        const given = {
            type: "in",
            action: "ACCEPT",
            enable: "1",
            proto: "tcp",
            dport,
            source,
            comment: commentOf(name),
        };
        const rule = found.find(isOurs(name));
        // A new one is put first by Proxmox.
        if (!rule) await api.post("cluster/firewall/rules", given);
        else {
            const path = `cluster/firewall/rules/${rule.pos}`;
            // Positions shift when others add rules: with the digest such a change is refused.
            const digest: Settings = rule.digest === undefined ? {} : { digest: rule.digest };
            const superfluous = narrowingsOf(rule).map(([name]) => name);
            const without: Settings = superfluous.length > 0 ? { delete: superfluous.join(",") } : {};
            if (plainWordsOf(rule) !== text) await api.put(path, { ...given, ...without, ...digest });
            if (barrierBefore(rule, found)) await moveFirst(api, name);
        }
    }
}

async function moveFirst(api: ProxmoxApi, name: string): Promise<void> {
    const rule = (await api.get("cluster/firewall/rules", rules)).find(isOurs(name));
    if (!rule) throw new Error(`the firewall's rule "${commentOf(name)}" was removed meanwhile`);
    const digest: Settings = rule.digest === undefined ? {} : { digest: rule.digest };
    await api.put(`cluster/firewall/rules/${rule.pos}`, { moveto: "0", ...digest });
}

function commentOf(name: string): string {
    return `holdfast: ${name}`;
}

function isOurs(name: string): (rule: Rule) => boolean {
    return ({ comment }) => comment?.trim() === commentOf(name);
}

function wordsOf(rule: Rule, all: readonly Rule[]): string {
    const barrier = barrierBefore(rule, all);
    return barrier ? `${plainWordsOf(rule)}, behind rule ${barrier.pos} (${barrier.action})` : plainWordsOf(rule);
}

function plainWordsOf(rule: Rule): string {
    const { type, action, enable = 0, proto = "any", dport = "any", source = "anywhere" } = rule;
    if (enable === 0) return "switched off";
    const narrowed = narrowingsOf(rule).map(([name, value]) => `, only ${name} ${value}`);
    if (type !== "in" || action !== "ACCEPT" || proto !== "tcp")
        return [`${type} ${action} ${proto} ${dport} from ${source}`, ...narrowed].join("");
    return [acceptedText(dport.split(","), source.split(",")), ...narrowed].join("");
}

function narrowingsOf(rule: Rule): (readonly [name: string, value: string])[] {
    return narrowings.flatMap((name) => {
        const value = rule[name];
        return value === undefined || value === "" ? [] : [[name, value] as const];
    });
}

/** What may turn away before ours is asked. */
function barrierBefore({ pos }: Rule, all: readonly Rule[]): Rule | undefined {
    return all.find(
        (other) =>
            other.pos < pos &&
            other.enable === 1 &&
            (other.type === "group" || (other.type === "in" && other.action !== "ACCEPT")),
    );
}
