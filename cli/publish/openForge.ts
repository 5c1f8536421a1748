/** The forge that this CI run belongs to. */
import type { Forge } from "./forge";
import { openGitHub } from "./github";
import { openGitLab } from "./gitlab";

/** @throws Error outside of a CI run of either, and where the token is missing */
export function openForge(env: NodeJS.ProcessEnv): Forge {
    if (env["GITHUB_ACTIONS"] === "true") return openGitHub(env);
    if (env["GITLAB_CI"] === "true") return openGitLab(env);
    throw new Error(
        "neither a GitHub Actions run nor a GitLab job (GITHUB_ACTIONS, GITLAB_CI); to look at the report here: npx holdfast drift",
    );
}
