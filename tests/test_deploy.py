"""The files for service managers and clusters: what they name has to exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from heartbeat.cmd import root
from heartbeat.views import views_of
from tests.support import certificates
from tests.support.parts import parts_of

if TYPE_CHECKING:
    from heartbeat.cmd.options import Invocation
    from tests.support.clock import FakeClock

TREE = Path(__file__).parent.parent
UNIT = TREE / "deploy/systemd/heartbeat.service"
USERS = TREE / "deploy/systemd/sysusers.conf"
MANIFEST = TREE / "deploy/kubernetes/heartbeat.yaml"
COMPOSE = TREE / "compose.yaml"
DOCKERFILE = (TREE / "Dockerfile").read_text("utf-8")
PAGE = (TREE / "docs/operations.md").read_text("utf-8")

MOST_EXPOSED = 20
"""What systemd-analyze may give the unit at most, in tenths: 100 is without limits."""


def settings_of_unit() -> dict[str, list[str]]:
    """Return the settings of the unit, all sections together."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def objects() -> dict[str, Any]:
    """Return the objects of the manifest by kind and name."""
    documents = yaml.safe_load_all(MANIFEST.read_text("utf-8"))
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in documents}


def pod() -> Any:
    """Return the template of the pod."""
    return objects()["Deployment/heartbeat"]["spec"]["template"]["spec"]


def container() -> Any:
    """Return its only container."""
    (only,) = pod()["containers"]
    return only


class Stopped(Exception):  # noqa: N818 - no fault
    """The command has been read, and is not run."""


def asked_for(words: list[str]) -> Invocation:
    """Return what a command line asks `run` for; run nothing."""
    found: list[Invocation] = []

    def stop(asked: Invocation) -> None:
        found.append(asked)
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heartbeat.cmd.run.load_settings", stop)
        with pytest.raises(Stopped):
            root.execute(words)
    return found[0]


class TestUnit:
    """The unit of systemd."""

    def test_command_line(self) -> None:
        """It starts `run` with the paths that docs and Debian have."""
        (line,) = settings_of_unit()["ExecStart"]
        program, *words = line.split()

        asked = asked_for(words)

        assert asked.environment == "systemd"
        assert asked.files == ["/etc/heartbeat/heartbeat.yml"]
        assert asked.paths == {
            "home": "/etc/heartbeat",
            "data": "/var/lib/heartbeat",
            "logs": "/var/log/heartbeat",
        }
        assert f"    {program.removesuffix('bin/heartbeat')}bin/pip install" in PAGE

    def test_paths_can_be_written(self) -> None:
        """What is written to lies in the directories that systemd makes for it."""
        settings = settings_of_unit()

        assert settings["ProtectSystem"] == ["strict"]
        assert settings["StateDirectory"] == settings["LogsDirectory"] == ["heartbeat"]

    def test_tells_how_it_is(self) -> None:
        """The notifications that the process sends are waited for."""
        settings = settings_of_unit()

        assert (settings["Type"], settings["NotifyAccess"]) == (["notify"], ["main"])
        assert int(settings["WatchdogSec"][0]) >= 10
        assert settings["ExecReload"] == ["/bin/kill -HUP $MAINPID"]

    def test_rights(self) -> None:
        """It has no right but that to ping, and the user is one that is made."""
        settings = settings_of_unit()
        (line,) = (
            line for line in USERS.read_text("utf-8").splitlines() if line[:1] != "#"
        )

        assert settings["CapabilityBoundingSet"] == ["CAP_NET_RAW"]
        assert settings["AmbientCapabilities"] == ["CAP_NET_RAW"]
        assert line.split()[:2] == ["u", *settings["User"]]
        assert line.split()[-1] == "/var/lib/heartbeat"

    @pytest.mark.slow
    @pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze"
    )
    def test_systemd_agrees(self, tmp_path: Path) -> None:
        """To systemd nothing is wrong with it, and little could do harm."""
        unit = tmp_path / "heartbeat.service"
        text = UNIT.read_text("utf-8")
        unit.write_text(re.sub(r"(?m)^(ExecStart=)\S+", r"\1/bin/true", text))

        verified = _analyze("verify", str(unit))
        most = f"--threshold={MOST_EXPOSED}"
        judged = _analyze("security", "--offline=yes", most, "--no-pager", str(unit))

        assert (verified.returncode, verified.stderr) == (0, "")
        assert judged.returncode == 0, judged.stdout


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a tool of the system
        ["systemd-analyze", *words],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )


class TestKubernetes:
    """The manifest."""

    @pytest.mark.parametrize("hosts", ["", "https://es.example:9200"])
    def test_configuration(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        hosts: str,
    ) -> None:
        """It passes `test config`, with the secret and without, monitors included."""
        monkeypatch.setenv("ELASTICSEARCH_HOSTS", hosts)
        folder, files = self._written(tmp_path)
        path = f"heartbeat.config.monitors.path={files}/*.yml"

        words = ["test", "config", "--strict", f"--path.config={folder}", "-E", path]

        assert (root.execute(words), capfd.readouterr().err) == (0, "")

    def test_monitors_are_mounted_where_they_are_looked_for(self) -> None:
        """The path of the configuration is that of the volume."""
        text = objects()["ConfigMap/heartbeat"]["data"]["heartbeat.yml"]
        mounts = {one["name"]: one["mountPath"] for one in container()["volumeMounts"]}

        assert f"path: {mounts['monitors']}/*.yml\n" in text

    def _written(self, home: Path) -> tuple[Path, Path]:
        """Write the ConfigMaps as files; return where they are."""
        authority = home / "ca.crt"
        authority.write_text(certificates.root().pem)
        for name in ("heartbeat", "heartbeat-monitors"):
            (home / name).mkdir()
            for file, text in objects()[f"ConfigMap/{name}"]["data"].items():
                place = home / name / file
                place.write_text(
                    text.replace("/etc/heartbeat-authority/ca.crt", str(authority))
                )
                place.chmod(0o444)
        return home / "heartbeat", home / "heartbeat-monitors"

    def test_command_line(self) -> None:
        """The arguments are such of `run`, and lead to the mounted configuration."""
        asked = asked_for(container()["args"])
        mounts = {one["name"]: one["mountPath"] for one in container()["volumeMounts"]}

        assert asked.environment == "container"
        assert asked.paths["config"] == mounts["config"]

    def test_image(self) -> None:
        """Image, data directory and user are those of the Dockerfile."""
        mounts = {one["name"]: one["mountPath"] for one in container()["volumeMounts"]}
        user = pod()["securityContext"]["runAsUser"]

        assert container()["image"] == "heartbeat"
        assert f'VOLUME ["{mounts["data"]}"]' in DOCKERFILE
        assert f"--uid {user} " in DOCKERFILE

    def test_variables(self) -> None:
        """Every variable that is set is one that the configuration reads."""
        text = objects()["ConfigMap/heartbeat"]["data"]["heartbeat.yml"]
        read = set(re.findall(r"\$\{([A-Z_]+)", text))

        assert {one["name"] for one in container()["env"]} == read

    def test_probes(self, clock: FakeClock) -> None:
        """Probes ask paths that there are, on the port that is listened on."""
        served = views_of(parts_of(clock)).figures
        text = objects()["ConfigMap/heartbeat"]["data"]["heartbeat.yml"]
        (port,) = container()["ports"]
        asked = [
            container()[probe]["httpGet"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        ]

        paths = [one["path"] for one in asked]
        assert paths == ["/health", "/health", "/ready"]
        assert set(paths) <= served.keys()
        assert {one["port"] for one in asked} == {port["name"]}
        assert yaml.safe_load(text)["http"]["port"] == port["containerPort"]

    def test_everything_that_is_mounted_exists(self) -> None:
        """Volumes and their sources are there, and each volume is used."""
        volumes = {one["name"]: one for one in pod()["volumes"]}
        of_cluster = "ConfigMap/kube-root-ca.crt"
        sources = {
            *(
                f"ConfigMap/{one['configMap']['name']}"
                for one in volumes.values()
                if "configMap" in one
            ),
            *(
                f"PersistentVolumeClaim/{one['persistentVolumeClaim']['claimName']}"
                for one in volumes.values()
                if "persistentVolumeClaim" in one
            ),
        }

        assert volumes.keys() == {one["name"] for one in container()["volumeMounts"]}
        assert sources - {of_cluster} <= objects().keys()
        assert of_cluster in sources

    def test_rights(self) -> None:
        """It runs without any privilege, and may ping."""
        limits, whole = container()["securityContext"], pod()["securityContext"]

        assert limits["capabilities"] == {"drop": ["ALL"]}
        assert limits["readOnlyRootFilesystem"] is True
        assert limits["allowPrivilegeEscalation"] is False
        assert whole["runAsNonRoot"] is True
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        (sysctl,) = whole["sysctls"]
        assert sysctl["name"] == "net.ipv4.ping_group_range"

    def test_one_process_for_the_data(self) -> None:
        """No second one is started before the first has ended."""
        spec = objects()["Deployment/heartbeat"]["spec"]

        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})

    def test_labels_agree(self) -> None:
        """Deployment and policy choose the pods that are made, all in one namespace."""
        found = objects()
        labels = found["Deployment/heartbeat"]["spec"]["template"]["metadata"]["labels"]
        chosen = [
            found["Deployment/heartbeat"]["spec"]["selector"],
            found["NetworkPolicy/heartbeat"]["spec"]["podSelector"],
        ]
        spaces = {
            one["metadata"].get("namespace", one["metadata"]["name"])
            for one in found.values()
        }

        assert chosen == [{"matchLabels": labels}] * 2
        assert spaces == {"heartbeat"}


class TestCompose:
    """The try-out on one machine."""

    @pytest.fixture
    def service(self) -> Any:
        """Return the service of heartbeat."""
        return yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["heartbeat"]

    def test_command_line(self, service: Any) -> None:
        """The arguments are such of `run`."""
        assert asked_for(service["command"]).environment == "container"

    def test_mounts(self, service: Any) -> None:
        """What is mounted is there, and the data are where the image has them."""
        mounts = [one.split(":") for one in service["volumes"]]

        for source, *_ in mounts:
            assert source == "heartbeat" or (TREE / source).exists()
        (data,) = (target for source, target, *_ in mounts if source == "heartbeat")
        assert f'VOLUME ["{data}"]' in DOCKERFILE

    def test_variables(self, service: Any) -> None:
        """Every variable that is set is read by heartbeat.yml."""
        text = (TREE / "heartbeat.yml").read_text("utf-8")

        for name in service["environment"]:
            assert f"${{{name}:" in text


def test_every_file_is_described() -> None:
    """The page for operators leads to every file of the folder."""
    for path in (TREE / "deploy").rglob("*.*"):
        assert f"(../{path.relative_to(TREE).as_posix()})" in PAGE
