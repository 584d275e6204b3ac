; Inno Setup 6 script of the Windows installer. NEVER RUN so far: written on Linux, where Inno Setup does not exist.
;
;   python packaging\build_bundle.py --no-archive
;   iscc /DVersion=1.0.0 /DFolder=build\bundle\dist\spade-studio-1.0.0-win32-amd64 packaging\bundle\windows\installer.iss
;
; It installs for the present user without administrator's rights, or for all with /ALLUSERS. Documents (.ora) and weights (.safetensors)
; are offered under "Open with", and no other program's association is taken away.

#ifndef Version
  #error Give /DVersion=...
#endif
#ifndef Folder
  #error Give /DFolder=..., the folder that build_bundle.py made
#endif

[Setup]
AppId={{6B0E6C0B-52F7-4E0B-9B8C-6C2F7F1F6D11}
AppName=SPADE Studio
AppVersion={#Version}
AppPublisher=The SPADE Studio contributors
DefaultDirName={autopf}\SPADE Studio
DefaultGroupName=SPADE Studio
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
SourceDir=..\..\..
OutputDir=build\bundle\dist
OutputBaseFilename=spade-studio-{#Version}-windows-x86_64-setup
LicenseFile=LICENSE
Compression=lzma2/max
SolidCompression=yes
LZMANumBlockThreads=4
ChangesAssociations=yes
ChangesEnvironment=yes
CloseApplications=yes
UninstallDisplayIcon={app}\spade-studio.exe
WizardStyle=modern

[Languages]
Name: "english"; MessagesFile: "compiler:Default.isl"
Name: "german"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
english.DesktopIcon=Put an icon on the desktop
german.DesktopIcon=Ein Symbol auf den Schreibtisch legen
english.AddToPath=Make spade-render, spade-train and spade-eval available in the command prompt
german.AddToPath=spade-render, spade-train und spade-eval in der Eingabeaufforderung anbieten

[Tasks]
Name: "desktopicon"; Description: "{cm:DesktopIcon}"; Flags: unchecked
Name: "path"; Description: "{cm:AddToPath}"; Flags: unchecked

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[InstallDelete]
; What an older version had and this one has not must not be imported.
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{group}\SPADE Studio"; Filename: "{app}\spade-studio.exe"; AppUserModelID: "SPADEStudio.SPADEStudio"
Name: "{autodesktop}\SPADE Studio"; Filename: "{app}\spade-studio.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\SPADEStudio.Document"; ValueType: string; ValueData: "OpenRaster image"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\SPADEStudio.Document\DefaultIcon"; ValueType: string; ValueData: "{app}\spade-studio.exe,0"
Root: HKA; Subkey: "Software\Classes\SPADEStudio.Document\shell\open\command"; ValueType: string; ValueData: """{app}\spade-studio.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\.ora\OpenWithProgids"; ValueType: string; ValueName: "SPADEStudio.Document"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\.safetensors\OpenWithProgids"; ValueType: string; ValueName: "SPADEStudio.Document"; ValueData: ""; Flags: uninsdeletevalue
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: IsNotInPath

[Run]
Filename: "{app}\spade-studio.exe"; Description: "{cm:LaunchProgram,SPADE Studio}"; Flags: nowait postinstall skipifsilent

[Code]
function IsNotInPath: Boolean;
var
  Path: string;
begin
  if not RegQueryStringValue(HKCU, 'Environment', 'Path', Path) then
    Path := '';
  Result := Pos(';' + Lowercase(ExpandConstant('{app}')) + ';', ';' + Lowercase(Path) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Path, Entry: string;
begin
  if (Step <> usPostUninstall) or not RegQueryStringValue(HKCU, 'Environment', 'Path', Path) then
    Exit;
  Entry := ';' + ExpandConstant('{app}');
  if StringChangeEx(Path, Entry, '', True) > 0 then
    RegWriteExpandStringValue(HKCU, 'Environment', 'Path', Path);
end;
