"""Networks: denoisers, embeddings and weight averaging."""
