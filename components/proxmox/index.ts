/**
 * What lies in the cluster's database: through proxmoxve, and what that has no word for through Holdfast's own
 * provider. Loaded only where the stack has `proxmox`.
 */
import * as proxmoxve from "@muhlba91/pulumi-proxmoxve";
import * as pulumi from "@pulumi/pulumi";
import { TRUST, type ApiObjectArgs } from "../../model/contract/apiObject";
import { ApiObject } from "../../provider/resource";
import type { Secrets } from "../component";
import { afterSuccessOf } from "../waves";
import { apiObject, apiOf, planBackup, planMetrics, planObjects, planOptions, planStorage } from "./plan";
import { directoryProperties, jobProperties, metricsProperties, optionsProperties } from "./properties";
import { usesProxmoxve, type ProxmoxSettings } from "./settings";

export interface ProxmoxClusterArgs {
    readonly settings: ProxmoxSettings;
    /** By their keys of `holdfast:`; `proxmoxToken` is among them. */
    readonly secrets: Secrets;
    /** What comes first: the API may be down when the nodes' files matter most. */
    readonly after?: readonly pulumi.Resource[];
}

/** What proxmoxve manages. */
interface Made {
    readonly storages: Readonly<Record<string, pulumi.Resource>>;
    readonly jobs: readonly pulumi.Resource[];
}

export class ProxmoxCluster extends pulumi.ComponentResource {
    constructor(name: string, args: ProxmoxClusterArgs, options?: pulumi.ComponentResourceOptions) {
        const { settings, secrets, after = [] } = args;
        super("holdfast:components:ProxmoxCluster", name, {}, { ...options, dependsOn: afterSuccessOf(after) });
        const { [apiObject]: first, ...objects } = planObjects(settings);
        // proxmoxve's client would wait for ever for an API that takes a request and does not answer.
        const api = new ApiObject(apiObject, first!, { parent: this });
        const made = usesProxmoxve(settings) ? this.make(name, settings, secrets, api) : { storages: {}, jobs: [] };
        for (const [object, given] of Object.entries(objects))
            new ApiObject(object, given, { parent: this, dependsOn: [api, ...earlier(given, made)] });
        this.registerOutputs({});
    }

    private make(name: string, settings: ProxmoxSettings, secrets: Secrets, api: pulumi.Resource): Made {
        const provider = new proxmoxve.Provider(
            name,
            // Said, since a variable of the environment would switch the check off.
            { endpoint: settings.endpoint, apiToken: secrets["proxmoxToken"], insecure: false },
            { parent: this, transforms: [withTrust(settings)] },
        );
        /** Nothing is deleted or replaced, and what the stack does not speak of is left as it is. */
        const options = (args: object, properties: readonly string[], after: readonly pulumi.Resource[] = []) => ({
            parent: this,
            provider,
            retainOnDelete: true,
            dependsOn: [api, ...after],
            ignoreChanges: properties.filter((property) => !(property in args)),
        });
        const storages = Object.fromEntries(
            Object.entries(settings.storages ?? {}).map(([id, storage]) => {
                const args = planStorage(id, storage);
                const given = options(args, directoryProperties);
                return [id, new proxmoxve.storage.Directory(`${name}-storage-${id}`, args, given)] as const;
            }),
        );
        const jobs = Object.entries(settings.backups ?? {}).map(([id, backup]) => {
            const args = planBackup(id, backup, settings.mail);
            const target = storages[backup.storage];
            const given = options(args, jobProperties, target ? [target] : []);
            return new proxmoxve.backup.Job(`${name}-backup-${id}`, args, given);
        });
        if (settings.options && Object.keys(settings.options).length > 0) {
            const args = planOptions(settings.options);
            new proxmoxve.cluster.Options(`${name}-options`, args, options(args, optionsProperties));
        }
        for (const [id, server] of Object.entries(settings.metrics ?? {})) {
            const token = server.token && secrets[server.token.secret];
            const args = { ...planMetrics(id, server), ...(token && { influxToken: token }) };
            new proxmoxve.metrics.Server(`${name}-metrics-${id}`, args, options(args, metricsProperties));
        }
        return { storages, jobs };
    }
}

/** For what stands before proxmoxve's plugin (provider/proxmoxve): the package's class passes on its own alone. */
function withTrust(settings: ProxmoxSettings): pulumi.ResourceTransform {
    const { fingerprint, ca } = apiOf(settings);
    const trust = JSON.stringify({ ...(fingerprint && { fingerprint }), ...(ca && { ca }) });
    return ({ type, props, opts }) =>
        type === "pulumi:providers:proxmoxve" ? { props: { ...(props as object), [TRUST]: trust }, opts } : undefined;
}

/**
 * A guest's disk lies on a storage; a storage is there before it is said that it is a mount; jobs before who is in
 * none.
 */
function earlier({ kind, name }: ApiObjectArgs, { storages, jobs }: Made): readonly pulumi.Resource[] {
    if (kind === "guest") return Object.values(storages);
    if (kind === "backups") return jobs;
    return kind === "storage" && storages[name] ? [storages[name]] : [];
}
