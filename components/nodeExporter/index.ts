/** prometheus-node-exporter on one host: every metric for the monitoring hosts, an open port for nobody else. */
import * as pulumi from "@pulumi/pulumi";
import { FileSet } from "../../provider/resource";
import { planNodeExporter, type NodeExporterArgs } from "./plan";

export { planNodeExporter, type NodeExporterArgs } from "./plan";

export class NodeExporter extends pulumi.ComponentResource {
    readonly fileSet: FileSet;

    constructor(name: string, args: NodeExporterArgs, options?: pulumi.ComponentResourceOptions) {
        super("holdfast:components:NodeExporter", name, {}, options);
        this.fileSet = new FileSet(name, planNodeExporter(args), { parent: this });
        this.registerOutputs({ observed: this.fileSet.observed });
    }
}
