/**
 * Docker's deployments come back by themselves after a boot that has lost their containers, never over what runs and
 * never beneath a mount that is not there; which containers run is drift and metric.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConcernComponent } from "../component";
import { docker } from "./concern";
import { planDockerHost, type DockerHostArgs } from "./plan";

export { planDockerHost, type DockerHostArgs } from "./plan";

export class DockerHost extends ConcernComponent {
    constructor(name: string, args: DockerHostArgs, options?: pulumi.ComponentResourceOptions) {
        super(docker, name, planDockerHost(args), options);
    }
}
