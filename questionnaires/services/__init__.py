"""The acts on forms and answers. Publishing, which needs the FHIR library, is `services.publishing`."""

from questionnaires.services.responding import restart_response, save_answers, start_response, submit_response

__all__ = ["restart_response", "save_answers", "start_response", "submit_response"]
