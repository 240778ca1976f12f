"""The stages of the pipeline, one file each: read inputs, call the library, write outputs."""
