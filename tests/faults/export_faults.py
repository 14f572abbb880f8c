"""Faults in what comes of a training: samplers, density ratio, figures, exports, their files and their client."""

from fault import Fault

FAULTS = [
    # Samplers.
    Fault(
        "DRS: the sign of gamma in F-hat",
        "return gap - _log_complement(gap, epsilon) - gamma",
        "return gap - _log_complement(gap, epsilon) + gamma",
        "sampling/test_drs.py",
    ),
    Fault(
        "DRS: gamma is left out",
        "return tf.sigmoid(_above(tf.minimum(log_ratio, maximum), maximum) - level)",
        "return tf.sigmoid(_above(tf.minimum(log_ratio, maximum), maximum) - maximum)",
        "sampling/test_drs.py",
    ),
    Fault(
        "DRS: the percentile's limit off by one",
        "last = ascending.shape[-1] - 1",
        "last = ascending.shape[-1] - 2",
        "sampling/test_drs.py",
    ),
    Fault(
        "rejection: more proposals than the bound",
        "accepted = accepted & within & (rank <= num_samples)",
        "accepted = accepted & (rank <= num_samples)",
        "sampling/test_rejection.py",
    ),
    Fault(
        "rejection: a round forgets the maximum of those before",
        "            running[-1],\n",
        "            largest,\n",
        "sampling/test_rejection.py",
    ),
    Fault(
        "rejection: uniforms of another seed's stream",
        "accepted = noise.uniform(uniform_seed, row_count, first_row=proposed) < probability\n\n        rank",
        "accepted = noise.uniform(uniform_seed, row_count) < probability\n\n        rank",
        "sampling/test_rejection.py",
    ),
    Fault(
        "OBRS: another budget",
        "target = count / tf.maximum(tf.cast(budget, tf.float32), 1.0)",
        "target = count / tf.maximum(tf.cast(budget, tf.float32) + 1.0, 1.0)",
        "sampling/test_obrs.py",
    ),
    Fault(
        "MH: the ratio upside down",
        "gap = tf.where(tf.math.is_inf(current), 0.0, candidate - current)",
        "gap = tf.where(tf.math.is_inf(current), 0.0, current - candidate)",
        "sampling/test_mh.py",
    ),
    Fault(
        "MH: a chain's proposals depend on the number of chains",
        "first_row = k * max_chains + first",
        "first_row = k * num_chains + first",
        "sampling/test_mh.py",
    ),
    Fault(
        "by class: the maximum of the next class",
        "largest = tf.maximum(tf.gather(burn_in[:, -1], labels), ratio)",
        "largest = tf.maximum(tf.gather(tf.roll(burn_in[:, -1], -1, 0), labels), ratio)",
        "sampling/test_per_class.py",
    ),
    Fault(
        "by class: more proposals than the bound",
        "        accepted &= proposed + places < max_proposals\n",
        "",
        "sampling/test_per_class.py",
    ),
    Fault(
        "the burn-in is not sorted",
        "return tf.sort(ratio if num_classes is None else tf.reshape(ratio, [num_classes, class_size]))",
        "return ratio if num_classes is None else tf.reshape(ratio, [num_classes, class_size])",
        "sampling/test_proposals.py",
    ),
    Fault(
        "an infinite log ratio is the maximum",
        'return tf.where(tf.math.is_finite(ratio), ratio, float("-inf"))',
        'return tf.where(tf.math.is_nan(ratio), float("-inf"), ratio)',
        "sampling/test_proposals.py",
    ),
    # Density ratio.
    Fault(
        "calibration: tempering is ignored",
        'lambda logits: options["tempering"] * logits',
        "lambda logits: logits",
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "calibration: it is left out",
        "calibrator, log_loss = calibrate(method,",
        'calibrator, log_loss = calibrate("none",',
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "calibration: a share of the reals alone calibrates what is not fitted",
        "unseen = calibration if is_fitted else held_out",
        "unseen = calibration",
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "groups: an offset is taken off",
        "training: tf.gather(values",
        "training: -tf.gather(values",
        "density_ratio/test_groups.py",
    ),
    Fault(
        "groups: fakes count without their ratio",
        "np.bincount(fake_groups, weights, minlength=count)",
        "np.bincount(fake_groups, minlength=count)",
        "density_ratio/test_groups.py",
    ),
    Fault(
        "calibration: the numbers of reals and fakes shift it",
        "weights = np.repeat([half / len(real), half / len(fake)], [len(real), len(fake)])",
        "weights = np.ones(len(real) + len(fake))",
        "density_ratio/test_calibration.py",
    ),
    Fault(
        "the shares of the reals overlap",
        "parts = np.split(order, [total - stops - calibrations, total - calibrations])",
        "parts = [order[: total - calibrations], order[:stops], order[total - calibrations :]]",
        "density_ratio/test_fitting.py",
    ),
    Fault(
        "the worst weights of a fit are kept",
        "(loss := float(held_out_loss())) < best:",
        "(loss := float(held_out_loss())) > best:",
        "density_ratio/test_estimators.py",
    ),
    Fault(
        "logits that are no log ratio count as one",
        'if n != "discriminator" or model.logits_are_log_ratio]',
        "]",
        "density_ratio/test_estimators.py",
    ),
    # Evaluation.
    Fault("Frechet distance: the factor 2 is missing", "- 2 * cross", "- cross", "evaluation/test_frechet.py"),
    Fault(
        "kernel distance: a biased mean",
        "return (kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1))",
        "return kernel.mean()",
        "evaluation/test_kernel.py",
    ),
    Fault(
        "recall: the wrong radii",
        "recalled |= (distances < fake_radii[chunk, None]).any(axis=0)",
        "recalled |= (distances < real_radii).any(axis=0)",
        "evaluation/test_prdc.py",
    ),
    Fault(
        "inception score: the marginal along the wrong axis",
        "rel_entr(conditional, conditional.mean(axis=0))",
        "rel_entr(conditional, conditional.mean(axis=1, keepdims=True))",
        "evaluation/test_inception_score.py",
    ),
    Fault(
        "standard error of recall: without a fake no other ball grows",
        "recall = np.bincount(gone[is_back], minlength=len(fakes)) - recalled.lost(len(fakes))",
        "recall = -recalled.lost(len(fakes))",
        "evaluation/test_prdc.py",
    ),
    Fault(
        "modes: a sample counts within 3 sigma",
        "HIGH_QUALITY_SIGMAS = 4.0",
        "HIGH_QUALITY_SIGMAS = 3.0",
        "evaluation/test_mode_coverage.py",
    ),
    Fault(
        "Dawid's Z: the prior is left out",
        "prior = np.log(len(real)) - np.log(len(fake))",
        "prior = 0.0",
        "evaluation/test_reliability.py",
    ),
    # Exports.
    Fault(
        "export: one sample more than the limit",
        "value < one.below if one.below is not None else value <= one.at_most",
        "value < one.below if one.below is not None else value <= one.at_most + 1",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: rows need not be finite",
        "if value.dtype.is_floating and (one.at_least is None or upper is None):",
        "if value.dtype.is_floating and one.shape == () and upper is None:",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: it samples by the generator, not by its average",
        "return self.ema_generator(latents, training=training)",
        "return self.generator(latents, training=training)",
        "bases/test_adversarial.py",
    ),
    Fault(
        "export: the check for a version that is there is gone",
        'if path.exists():\n            raise GanzooError(f"{path} is there already',
        'if False:\n            raise GanzooError(f"{path} is there already',
        "export/test_saved_model.py",
    ),
    Fault(
        "export: a version's number is taken twice",
        "return 1 + max((int(path.name)",
        "return max((int(path.name)",
        "export/test_saved_model.py",
    ),
    Fault(
        "export: sides that the network cannot halve",
        "fits = (sides % self.multiple == 0) & (sides >= self.smallest)",
        "fits = sides >= self.smallest",
        "export/test_translation_signatures.py::test_bad_inputs_are_told_what_was_wrong",
    ),
    Fault(
        "encoded pictures: any number of scans",
        "whole, _check(scans <= MOST_SCANS,",
        "whole, _check(scans >= 0,",
        "export/test_translation_signatures.py::test_bad_files_are_told_what_was_wrong",
    ),
    Fault(
        "several requests of one draw have one seed",
        '{"num_samples": min(limit, num_samples - first), "seed": seeds.words(seed, request)}',
        '{"num_samples": min(limit, num_samples - first), "seed": seeds.words(seed, 0)}',
        "serving/test_exported.py",
    ),
    # Writing.
    Fault(
        "files: the rename is not atomic",
        "    with unfinished(path) as beside:\n        yield beside\n",
        "    with unfinished(path) as beside:\n        yield path\n        return\n",
        "test_files.py",
    ),
    Fault(
        "files: what was not finished is left behind",
        "    finally:\n        remove(beside)",
        "    finally:\n        pass",
        "test_files.py",
    ),
    Fault(
        "files: a folder's checksum knows no names",
        'lines = [f"{files[name]}  {name}\\n" for name',
        'lines = [f"{files[name]}\\n" for name',
        "test_files.py",
    ),
    Fault(
        "shards: calls share seeds",
        "return self.seed, shard * self.calls_per_shard + call",
        "return self.seed, shard + call",
        "serving/test_batch_generate.py::test_no_two_calls_share_a_seed",
    ),
    Fault(
        "shards: a lost result makes a finished shard again",
        "        if not maker.sample_set.entries([shard]):\n",
        "        if True:\n",
        "serving/test_cluster.py::test_a_task_leaves_a_finished_shard_alone",
    ),
    Fault(
        "shards: another export on a worker is taken",
        "    if checksum(exported.path) != fingerprint:",
        "    if False:",
        "serving/test_cluster.py::test_another_export_in_the_folder_is_refused",
    ),
    Fault(
        "shards: the engine's word is taken for a complete set",
        "        if len(entries) < plan.num_shards:\n",
        "        if exit_codes and any(exit_codes):\n",
        "serving/test_cluster.py::test_a_runner_that_loses_shards_and_reports_success_does_not_end_the_command_with_success",
    ),
    Fault(
        "generate_from_styles: truncation leaves out the average",
        "average + truncation * (self.mapping(each) - average)",
        "truncation * self.mapping(each)",
        "models/test_stylegan2.py::test_a_truncation_moves_styles_to_their_average",
    ),
    # The client.
    Fault(
        "client: several requests have one seed",
        'inputs = {"num_samples": rows.stop - rows.start, "seed": seeds.words(seed, request), **options}',
        'inputs = {"num_samples": rows.stop - rows.start, "seed": seeds.words(seed, 0), **options}',
        "serving/test_client.py::test_requests_as_small_as_asked_for_have_seeds_of_their_own",
    ),
    Fault(
        "client: a busy server is asked once",
        "TRIES = 6",
        "TRIES = 1",
        "serving/test_client.py::test_a_server_that_is_busy_is_asked_again",
    ),
    Fault(
        "client: rejected rows are taken",
        'accepted = np.flatnonzero(answer["accepted"])',
        'accepted = np.arange(len(answer["accepted"]))',
        "serving/test_client.py::test_rejection_by_rows_accepts_as_the_server_says",
    ),
    Fault(
        "answers: the acceptance rate is the mean of the requests' rates",
        "np.average(rates, weights=proposed)",
        "np.average(rates)",
        "serving/test_answers.py",
    ),
]
