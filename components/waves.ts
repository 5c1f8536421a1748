/**
 * A wave begins when the one before it has succeeded. The engine is told of no dependency for that: it would keep it in
 * state, and with `--target` or `--exclude` keeps the old one of every resource that is left out. A changed canary,
 * batch or maintenance turns the order of two nodes round, and old and new dependencies together are then a circle,
 * which ends in "Duplicate resource URN" or in a state that Pulumi refuses. So the program waits by itself before it
 * registers the next wave.
 */
import * as pulumi from "@pulumi/pulumi";

/**
 * For `dependsOn`: no resource, but not before all of `resources` have been made. @throws RunError where one has failed
 */
export function afterSuccessOf(resources: readonly pulumi.Resource[]): Promise<pulumi.Resource[]> {
    return Promise.all(resources.map(success)).then(() => []);
}

/** For `dependsOn`: no resource, but not before each of `resources` has been made or has failed. */
export function afterOutcomeOf(resources: readonly pulumi.Resource[]): Promise<pulumi.Resource[]> {
    return Promise.allSettled(resources.map(isMade)).then(() => []);
}

async function success(resource: pulumi.Resource): Promise<void> {
    if (!(await isMade(resource))) throw new pulumi.RunError("an earlier wave failed, so no later one was begun");
}

/**
 * A preview knows the names alone of what is yet to be made. After a failure the outputs stay unknown, where
 * `--continue-on-error` lets the program go on.
 */
async function isMade(resource: pulumi.Resource): Promise<boolean> {
    const isPreview = pulumi.runtime.isDryRun();
    const proof: Settling = isPreview || !("observed" in resource) ? resource.urn : pulumi.output(resource.observed);
    return (await proof.isKnown) === true;
}

/** What an Output has and its type does not show. */
type Settling = pulumi.Output<unknown> & { readonly isKnown?: Promise<boolean> };
