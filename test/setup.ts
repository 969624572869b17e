// One seed for all properties, so that a run can be repeated and a change is judged by what it changed; FC_SEED takes another.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261123) });
