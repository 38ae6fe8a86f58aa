"""From one species to another: rules that carry a dose, what each predicts, why they differ, how sure one can be."""
