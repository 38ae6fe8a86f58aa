"""PhysiCell from outside: a stock executable of its sample project 'template', run on settings written here.

Nothing of PhysiCell is needed but the executable (Ghaffarizadeh et al. 2018, doi:10.1371/journal.pcbi.1005991). Two
dimensions, one substrate with a fixed value at one end, one kind of cell that crawls; rates of everything else are 0.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

LIMIT_S = 900                       # for one run
UM_PER_MM, UM_MIN = 1000, 1000 / 1440
GRID_UM = 50


@dataclass(frozen=True)
class Finished:
    """One run: cells half way and at the end, rows number, x, y, ... in um; field, rows x, y, z, volume, nM."""

    middle: np.ndarray
    end: np.ndarray
    field: np.ndarray
    steps: float
    wall_s: float
    core_s: float


def run(case: Any, program: Path, threads: int, step_min: float, days: float) -> Finished:
    """Run the case of ``bench/homing_peers.py`` for some days, with the same step for field and cells.

    Errors: ends the program with PhysiCell's last words where it left no result; ``subprocess.TimeoutExpired``.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        out, settings = folder / "out", folder / "settings.xml"
        out.mkdir()
        (folder / "cells.csv").write_text("x,y,z,type\n" + "".join(
            f"{x:.3f},{y:.3f},0,crawler\n" for x, y in case.start() * UM_PER_MM))
        settings.write_text(_settings(case, folder, out, threads, step_min, days * 1440))
        begin, work = time.perf_counter(), _core_s()
        done = subprocess.run([str(program), str(settings)], cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False,
                              env={**os.environ, "OMP_WAIT_POLICY": "passive"})  # waiting threads are no work
        wall, core = time.perf_counter() - begin, _core_s() - work
        if done.returncode or not (out / "final_cells.mat").exists():
            sys.exit(f"{program} ended with status {done.returncode} and left no final_cells.mat; is it the sample "
                     f"project 'template', unchanged? Its last words:\n{done.stdout.decode()[-600:]}")
        middle, end = (loadmat(out / f"{name}_cells.mat")["cells"] for name in ("output00000001", "final"))
        field = loadmat(out / "final_microenvironment0.mat")["multiscale_microenvironment"]
    return Finished(middle, end, field, days * 1440 / step_min, wall, core)


def _core_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _settings(case: Any, folder: Path, out: Path, threads: int, step_min: float, minutes: float) -> str:
    """Its settings file, XML."""
    bias, speed = case.jump
    height, width = (GRID_UM * n for n in case.shape)
    closed = "".join(f'<boundary_value ID="{edge}" enabled="false">0</boundary_value>'
                     for edge in ("xmax", "ymin", "ymax", "zmin", "zmax"))
    still = "".join(f"<{name}>0</{name}>" for name in ("cell_cell_adhesion_strength", "cell_cell_repulsion_strength",
                                                       "attachment_rate", "detachment_rate"))
    return f"""<PhysiCell_settings version="devel-version">
<domain><x_min>0</x_min><x_max>{height:g}</x_max><y_min>0</y_min>
<y_max>{width:g}</y_max><z_min>-25</z_min><z_max>25</z_max>
<dx>{GRID_UM}</dx><dy>{GRID_UM}</dy><dz>50</dz><use_2D>true</use_2D></domain>
<overall><max_time units="min">{minutes:g}</max_time><time_units>min</time_units><space_units>micron</space_units>
<dt_diffusion units="min">{step_min:g}</dt_diffusion><dt_mechanics units="min">{step_min:g}</dt_mechanics>
<dt_phenotype units="min">{10 * minutes:g}</dt_phenotype></overall>
<parallel><omp_num_threads>{threads}</omp_num_threads></parallel>
<save><folder>{out}</folder><full_data><interval units="min">{minutes / 2:g}</interval><enable>true</enable></full_data>
<SVG><interval units="min">{minutes:g}</interval><enable>false</enable></SVG>
<legacy_data><enable>false</enable></legacy_data></save>
<options><virtual_wall_at_domain_edge>false</virtual_wall_at_domain_edge>
<disable_automated_spring_adhesions>true</disable_automated_spring_adhesions><random_seed>1</random_seed></options>
<microenvironment_setup><variable name="CXCL12" units="nM" ID="0"><physical_parameter_set>
<diffusion_coefficient units="micron^2/min">{case.diffusion * UM_PER_MM * UM_MIN:.9g}</diffusion_coefficient>
<decay_rate units="1/min">{case.loss / 1440:.9g}</decay_rate></physical_parameter_set>
<initial_condition units="nM">0</initial_condition>
<Dirichlet_boundary_condition units="nM" enabled="true">100</Dirichlet_boundary_condition>
<Dirichlet_options><boundary_value ID="xmin" enabled="true">100</boundary_value>
{closed}</Dirichlet_options></variable>
<options><calculate_gradients>true</calculate_gradients>
<track_internalized_substrates_in_each_agent>false</track_internalized_substrates_in_each_agent></options>
</microenvironment_setup>
<cell_definitions><cell_definition name="crawler" ID="0"><phenotype>
<cycle code="5" name="live"><phase_transition_rates units="1/min"><rate start_index="0" end_index="0"
fixed_duration="false">0</rate></phase_transition_rates></cycle>
<death><model code="100" name="apoptosis"><death_rate units="1/min">0</death_rate></model>
<model code="101" name="necrosis"><death_rate units="1/min">0</death_rate></model></death>
<mechanics>{still}</mechanics>
<motility><speed units="micron/min">{speed * UM_MIN:.9g}</speed>
<persistence_time units="min">{case.persistence * 1440:.9g}</persistence_time>
<migration_bias units="dimensionless">{bias:.9g}</migration_bias>
<options><enabled>true</enabled><use_2D>true</use_2D><chemotaxis><enabled>true</enabled><substrate>CXCL12</substrate>
<direction>1</direction></chemotaxis></options></motility>
<secretion><substrate name="CXCL12"><secretion_rate>0</secretion_rate><secretion_target>1</secretion_target>
<uptake_rate>0</uptake_rate><net_export_rate>0</net_export_rate></substrate></secretion>
</phenotype></cell_definition></cell_definitions>
<initial_conditions><cell_positions type="csv" enabled="true"><folder>{folder}</folder><filename>cells.csv</filename>
</cell_positions></initial_conditions>
<user_parameters><number_of_cells type="int" units="none">0</number_of_cells></user_parameters>
</PhysiCell_settings>
"""
