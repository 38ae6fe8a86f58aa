"""The checks of ``thecal lint``, by what they look at: animals, doses, schedule, inputs."""
