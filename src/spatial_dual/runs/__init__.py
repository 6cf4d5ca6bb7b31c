"""What made each output, and each run: fingerprints, the ledger of outputs, run manifests.

DVC reruns by file hashes too, but wants every stage, parameter and code file listed by hand beside
the Kedro pipelines and a process for each stage; MLflow records runs and decides nothing. So the
fingerprints are our own, read from Kedro's nodes and catalog.
"""
