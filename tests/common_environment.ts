/** Keeps what tests call in this process from the variables of the user and from `.env`. */
import { setCommonEnvironment } from "../etl/run/environment.ts";
import { SHIPPED_STUDY } from "./shipped_study.ts";

setCommonEnvironment({ CIVICSKY_STUDY: SHIPPED_STUDY, PATH: Deno.env.get("PATH") ?? "" });
