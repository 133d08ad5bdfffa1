/** Form definitions on the phone: what applies, what is wrong, what may be stored; twin of sync/forms.py. */

import { applyRelevance } from "./form_rules";
import type { Answers, Form } from "./questions";

export { boundsText, limitText, type Problem, problems } from "./form_problems";
export { boundValue, itemsOf } from "./form_rules";
export { BadValue, checkValue, questionFor, type Warning } from "./form_values";
export type {
  Answers,
  Choice,
  Form,
  Level,
  Limit,
  Merge,
  Question,
  QuestionType,
  Section,
} from "./questions";

/** The names of the questions that apply to these answers; `today` is the school's date. */
export function relevant(form: Form, answers: Answers, today: string): Set<string> {
  return applyRelevance(form, answers, today).names;
}
