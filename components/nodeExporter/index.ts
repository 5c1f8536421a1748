/** prometheus-node-exporter on one host: every metric for the monitoring hosts, an open port for nobody else. */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { nodeExporter } from "./concern";
import { planNodeExporter, type NodeExporterArgs } from "./plan";

export { planNodeExporter, type NodeExporterArgs } from "./plan";

export class NodeExporter extends ConcernComponent {
    constructor(name: string, args: NodeExporterArgs, options?: pulumi.ComponentResourceOptions) {
        super(nodeExporter, name, planNodeExporter(args), options);
    }
}
