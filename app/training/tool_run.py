"""Runs one command line tool at a time as a subprocess and signals its output at the end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal

from spade_studio.app.training.tools import Tool, tool_command

_PATIENCE_MILLISECONDS = 3000


class ToolRun(QObject):
    """Subprocess of a command line tool, terminated with its parent."""

    ended = Signal(int, str, str)  # exit code, output, errors

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    @property
    def is_running(self) -> bool:
        """Whether a tool is running."""
        return self._process is not None

    def start(self, tool: Tool, arguments: Sequence[str]) -> None:
        """Run a tool, first cancelling one that is running."""
        self.cancel()
        process = self._process = QProcess(self)
        process.finished.connect(lambda code, status: self._finish(process, code if status == QProcess.ExitStatus.NormalExit else -1))
        process.errorOccurred.connect(lambda error: self._fail(process, error))
        command = tool_command(tool, arguments)
        process.setStandardInputFile(QProcess.nullDevice())
        process.start(command[0], command[1:])

    def cancel(self) -> None:
        """Terminate a running tool without emitting :attr:`ended`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(_PATIENCE_MILLISECONDS)
            process.deleteLater()

    def _fail(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and process is self._process:
            self._process = None
            self.ended.emit(
                -1,
                "",
                self.tr("{program} cannot be started: {errorString}").format(program=process.program(), errorString=process.errorString()),
            )
            process.deleteLater()

    def _finish(self, process: QProcess, code: int) -> None:
        if process is not self._process:
            return
        self._process = None
        output = process.readAllStandardOutput().toStdString()
        errors = process.readAllStandardError().toStdString().strip()
        process.deleteLater()
        self.ended.emit(code, output, errors)
